// SPDX-License-Identifier: Apache-2.0
import { usePageTitle } from "@/app/title";
import { ExecutionList } from "@/features/lists/ExecutionList";

export function Component() {
  usePageTitle("Executions");
  return (
    <div className="page">
      <header className="page-head">
        <h1 className="grow">Executions</h1>
      </header>
      <ExecutionList />
    </div>
  );
}
