// SPDX-License-Identifier: Apache-2.0
import { useCallback, useMemo } from "react";
import { useSearchParams } from "react-router-dom";

/** Filters that stand in the address, so that they survive a reload and can be sent to someone. */
export function useFilters<Name extends string>(names: readonly Name[]): [Record<Name, string>, (change: Partial<Record<Name, string>>) => void] {
  const [params, setParams] = useSearchParams();
  const values = useMemo(() => Object.fromEntries(names.map((name) => [name, params.get(name) ?? ""])) as Record<Name, string>, [names, params]);
  const change = useCallback(
    (changes: Partial<Record<Name, string>>) =>
      setParams(
        (before) => {
          const after = new URLSearchParams(before);
          for (const [name, value] of Object.entries(changes) as [Name, string | undefined][])
            if (value) after.set(name, value);
            else after.delete(name);
          return after;
        },
        { replace: true },
      ),
    [setParams],
  );
  return [values, change];
}
