// SPDX-License-Identifier: Apache-2.0
/** What a template comes to in a past execution, below the field that it is written in. */
import { useQuery } from "@tanstack/react-query";
import { createContext, useContext } from "react";
import { explain } from "@/api/errors";
import { previewTemplate } from "@/api/executions";
import { Icon } from "@/ui/icons/Icon";
import { useSettled } from "@/ui/useSettled";
import { previewed, shownValue } from "./rules";
import "./forms.css";

/** The execution whose values templates are tried with, and the step that reads them; null: any. */
export interface PreviewTarget {
  executionId: string;
  stepId: string | null;
}

const Context = createContext<PreviewTarget | null>(null);

/** Around the fields that show what their templates come to. */
export const PreviewProvider = Context.Provider;

function Outcome({ target, template, late }: { target: PreviewTarget; template: unknown; late: boolean }) {
  const { data, error } = useQuery({
    queryKey: ["executions", "preview", target.executionId, target.stepId, template],
    queryFn: ({ signal }) => previewTemplate(target.executionId, template, target.stepId, signal),
    placeholderData: (before) => before,
    retry: false,
    staleTime: 30_000,
    gcTime: 30_000,
  });
  const refusal = error ? explain(error).message : data?.error?.message;
  if (refusal !== undefined)
    return (
      <p className="preview" data-tone="warn" data-late={late || undefined}>
        <Icon name="triangle-alert" label="In that execution it fails:" />
        <span className="preview-value">{refusal}</span>
      </p>
    );
  if (!data) return null;
  const { text, kind } = shownValue(data.value);
  return (
    <p className="preview" data-late={late || undefined}>
      <Icon name="arrow-right" label="In that execution it is" />
      <code className="preview-value">{text}</code>
      <span className="preview-kind">{kind}</span>
    </p>
  );
}

export interface PreviewProps {
  value: unknown;
  /** The text is one expression where it has no braces. */
  condition?: boolean;
}

/** Nothing where there is no execution to look at, or no template in the value. */
export function Preview({ value, condition = false }: PreviewProps) {
  const target = useContext(Context);
  const template = previewed(value, condition);
  const settled = useSettled(template);
  if (!target || template === null || settled === null) return null;
  return <Outcome target={target} template={settled} late={settled !== template} />;
}
