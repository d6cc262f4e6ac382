// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "react";

const restMs = 300;

/** A value once it has been left alone for a moment: while one types, nothing is asked of the service. */
export function useSettled<T>(value: T): T {
  const [settled, setSettled] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(value), restMs);
    return () => clearTimeout(timer);
  }, [value]);
  return settled;
}
