// SPDX-License-Identifier: Apache-2.0
import { useCallback, useEffect, useRef } from "react";

/** Which fields of a form hold what cannot be saved. Tells when there are the first and the last of them; a form that goes
 * away has none. */
export function useBroken(onBroken: ((broken: boolean) => void) | undefined): (name: string, isBroken: boolean) => void {
  const broken = useRef(new Set<string>());
  useEffect(() => () => onBroken?.(false), [onBroken]);
  return useCallback(
    (name, isBroken) => {
      const before = broken.current.size;
      if (isBroken) broken.current.add(name);
      else broken.current.delete(name);
      if ((before === 0) !== (broken.current.size === 0)) onBroken?.(broken.current.size > 0);
    },
    [onBroken],
  );
}
