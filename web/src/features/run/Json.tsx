// SPDX-License-Identifier: Apache-2.0
import { useState } from "react";
import { copyText } from "@/ui/clipboard";
import { IconButton, useToaster } from "@/ui/kit";

const shownAtFirst = 20_000;

/** JSON to read and to copy. Long texts are cut until one asks for all of it. */
export function Json({ value, label }: { value: unknown; label: string }) {
  const [all, setAll] = useState(false);
  const toaster = useToaster();
  const text = JSON.stringify(value, null, 2) ?? "";
  const cut = !all && text.length > shownAtFirst;
  const copy = () =>
    copyText(text).then(
      () => toaster.done(`${label} copied`),
      (error: unknown) => toaster.failed(`${label} could not be copied`, error),
    );
  return (
    <div className="json">
      <IconButton icon="copy" size="s" label={`Copy ${label.toLowerCase()}`} onClick={() => void copy()} />
      <pre tabIndex={0} aria-label={label}>
        {cut ? text.slice(0, shownAtFirst) : text}
      </pre>
      {cut && (
        <button type="button" className="button" data-size="s" onClick={() => setAll(true)}>
          Show all {text.length.toLocaleString()} characters
        </button>
      )}
    </div>
  );
}
