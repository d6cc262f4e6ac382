// SPDX-License-Identifier: Apache-2.0
import { useEffect, useMemo, useRef, useState } from "react";
import type { Dag, RoutesOf } from "@/features/definition";
import { joinPlaces, keptPlacesOf, looseOutlineOf, noPlaces } from "@/features/definition/layout";
import type { Places } from "@/features/definition/layout";
import { findPlaces, keyOfOutline, placesAtOnce } from "./arranging";

export interface Arranged {
  /** Steps that are not in it have no place yet. */
  places: Places;
  /** How many steps are being arranged; 0: all have their place. */
  busy: number;
  error: unknown;
}

/** Where the steps of a document stand: as it says, and where it says nothing as the layout finds. What was found for an
 * earlier document holds until there is something better. */
export function usePlaces(dag: Dag, routes: RoutesOf): Arranged {
  const outline = useMemo(() => looseOutlineOf(dag, routes), [dag, routes]);
  const key = useMemo(() => keyOfOutline(outline), [outline]);
  const wanted = useRef(outline);
  wanted.current = outline;
  const last = useRef(noPlaces);
  const [settled, setSettled] = useState<{ key: string; error: unknown } | null>(null);
  const found = useMemo(() => placesAtOnce(wanted.current, key), [key, settled]);
  if (found) last.current = found;
  const missing = found === null;

  useEffect(() => {
    if (!missing) return;
    const abort = new AbortController();
    findPlaces(wanted.current, abort.signal).then(
      () => setSettled({ key, error: null }),
      (error: unknown) => !abort.signal.aborted && setSettled({ key, error }),
    );
    return () => abort.abort();
  }, [key, missing]);

  const current = last.current;
  const places = useMemo(() => joinPlaces(keptPlacesOf(dag), current), [dag, current]);
  const error = missing && settled?.key === key ? settled.error : null;
  return { places, busy: missing && !error ? outline.nodes.length : 0, error };
}
