// SPDX-License-Identifier: Apache-2.0
import { useRouteError } from "react-router-dom";
import { Button, ButtonLink, State } from "@/ui/kit";

/** A page that failed while it was drawn or loaded; the rest of the application still works. */
export function Crash() {
  const error = useRouteError();
  const message = error instanceof Error ? error.message : String(error);
  return (
    <State whole icon="triangle-alert" tone="bad" title="This page does not work"
           actions={<Button icon="refresh" onClick={() => location.reload()}>Load it again</Button>}>
      {message}
    </State>
  );
}

/** No page has this path. */
export function Lost() {
  return (
    <State whole icon="map" title="There is nothing here" actions={<ButtonLink to="/" icon="house">To the start</ButtonLink>}>
      The address names no page. It may have been mistyped, or what it showed was deleted.
    </State>
  );
}
