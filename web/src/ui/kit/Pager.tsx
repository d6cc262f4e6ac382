// SPDX-License-Identifier: Apache-2.0
import { IconButton } from "./Button";

export interface PagerProps {
  page: number;
  pages: number;
  total: number;
  /** What is counted: "executions". */
  noun: string;
  onChange: (page: number) => void;
}

/** Which page of a list this is, and the ones around it. */
export function Pager({ page, pages, total, noun, onChange }: PagerProps) {
  return (
    <nav className="row pager" aria-label="Pages">
      <span className="quiet grow" role="status">
        {total.toLocaleString()} {noun}
        {pages > 1 && ` · page ${page} of ${pages.toLocaleString()}`}
      </span>
      <IconButton icon="chevron-left" kind="plain" label="Previous page" disabled={page <= 1} onClick={() => onChange(page - 1)} />
      <IconButton icon="chevron-right" kind="plain" label="Next page" disabled={page >= pages} onClick={() => onChange(page + 1)} />
    </nav>
  );
}
