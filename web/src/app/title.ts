// SPDX-License-Identifier: Apache-2.0
import { useEffect } from "react";

/** What the browser's tab says while the page is shown. */
export function usePageTitle(title: string) {
  useEffect(() => {
    document.title = `${title} · budpipeline`;
  }, [title]);
}
