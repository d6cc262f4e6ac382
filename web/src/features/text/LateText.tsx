// SPDX-License-Identifier: Apache-2.0
import { useEffect, useState } from "react";
import type { ComponentType } from "react";
import { ErrorState, Skeleton } from "@/ui/kit";
import type { TextViewProps } from "./TextView";

/** The text, whose code is loaded when it is first shown. Where it cannot be loaded, the rest of the editor goes on. */
export function LateText(props: TextViewProps) {
  const [View, setView] = useState<ComponentType<TextViewProps> | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    let isHere = true;
    setError(null);
    import("./TextView").then(
      ({ TextView }) => isHere && setView(() => TextView),
      (reason: unknown) => isHere && setError(reason),
    );
    return () => {
      isHere = false;
    };
  }, [attempt]);
  if (View) return <View {...props} />;
  if (error) return <ErrorState error={error} title="The text could not be loaded" onRetry={() => setAttempt(attempt + 1)} />;
  return <Skeleton lines={8} label="Loading the text" />;
}
