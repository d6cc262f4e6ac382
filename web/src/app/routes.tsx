// SPDX-License-Identifier: Apache-2.0
/** The pages by their paths below /ui. Each is loaded when it is first shown. */
import { Navigate, createBrowserRouter } from "react-router-dom";
import { Crash, Lost } from "./Crash";
import { prefix } from "./prefix";
import { Shell } from "./Shell";

export const router = createBrowserRouter(
  [
    {
      element: <Shell />,
      errorElement: <Crash />,
      children: [
        { index: true, element: <Navigate to="/pipelines" replace /> },
        { path: "pipelines", lazy: () => import("@/pages/PipelinesPage") },
        {
          path: "pipelines/:id",
          lazy: () => import("@/pages/PipelineFrame"),
          children: [
            { index: true, element: <Navigate to="edit" replace /> },
            { path: "edit", lazy: () => import("@/pages/EditorPage") },
            { path: "executions", lazy: () => import("@/pages/PipelineExecutionsPage") },
            { path: "versions", lazy: () => import("@/pages/VersionsPage") },
          ],
        },
        { path: "executions", lazy: () => import("@/pages/ExecutionsPage") },
        { path: "actions/:type?", lazy: () => import("@/pages/ActionsPage") },
        { path: "executions/:id", lazy: () => import("@/pages/ExecutionPage") },
        { path: "executions/:id/compare/:other", lazy: () => import("@/pages/ComparePage") },
        { path: "*", element: <Lost /> },
      ].map((route) => ({ ...route, errorElement: <Crash /> })),
    },
  ],
  { basename: `${prefix}/ui` },
);
