// SPDX-License-Identifier: Apache-2.0
/**
 * A graph as canvas and executions draw it, made to move smoothly. Far away a step is a box: what nobody can read is not
 * drawn. While the view moves it is a layer of its own, which is moved and not drawn again.
 */
import { Background, Controls, MiniMap, Position, ReactFlow, ViewportPortal, getSmoothStepPath, useStore } from "@xyflow/react";
import type { Edge, Node, ReactFlowProps } from "@xyflow/react";
import { createContext, useCallback, useContext, useMemo, useRef } from "react";
import type { CSSProperties } from "react";
import type { Point } from "@/features/definition";
import { Icon } from "@/ui/icons/Icon";
import { Notice } from "@/ui/kit";
import type { Arranged } from "./usePlaces";
import "@xyflow/react/dist/base.css";
import "@/ui/graph.css";

/** Below this zoom the name of a step is smaller than 6 pixels. Few steps are drawn in full all the same, and with dots
 * behind them, which are drawn anew with every frame. */
const farZoom = 0.42;
const farLeast = 60;
/** As many steps are mounted once for all; of more, or near ones, only those in view. */
const mountedMost = 1500;
const mountedNearMost = 100;

const Far = createContext(false);

/** Whether a step is too far away to be read: it is drawn as a box. */
export const useFar = (): boolean => useContext(Far);

/** Puts a node at its place without a transform, which would make a drawing layer of each. */
export const placedAt = ({ x, y }: Point): CSSProperties => ({ transform: "none", left: x, top: y });

/** So many edges are one line: few enough to draw only where the line is seen. */
const edgesOfLine = 12;

/** All edges as few lines. */
function FarEdges({ nodes, edges }: { nodes: readonly Node[]; edges: readonly Edge[] }) {
  const lines = useMemo(() => {
    const byId = new Map(nodes.map((node) => [node.id, node]));
    const drawn = edges.map(({ source, target }) => {
      const [from, to] = [byId.get(source), byId.get(target)];
      if (!from || !to) return "";
      const [line] = getSmoothStepPath({
        sourceX: from.position.x + (from.width ?? 0), sourceY: from.position.y + (from.height ?? 0) / 2, sourcePosition: Position.Right,
        targetX: to.position.x, targetY: to.position.y + (to.height ?? 0) / 2, targetPosition: Position.Left,
      });
      return line;
    });
    return Array.from({ length: Math.ceil(drawn.length / edgesOfLine) }, (_, index) => drawn.slice(index * edgesOfLine, (index + 1) * edgesOfLine).join(" "));
  }, [nodes, edges]);
  return (
    <ViewportPortal>
      <svg className="flow-far-edges" aria-hidden="true">
        {lines.map((line, index) => (
          <path key={index} d={line} />
        ))}
      </svg>
    </ViewportPortal>
  );
}

const shownOfLabel = 18;

/** As much of a label as stands beside a line without hiding the steps. */
export const lineLabel = (text: string): string => (text.length > shownOfLabel ? `${text.slice(0, shownOfLabel - 1).trimEnd()}…` : text);

const noEdges: Edge[] = [];

export interface FlowProps<N extends Node> extends ReactFlowProps<N, Edge> {
  arranged: Arranged;
  /** Of the overview; undefined: none. */
  overview?: string | undefined;
}

export function Flow<N extends Node>({ arranged, overview, children, ...rest }: FlowProps<N>) {
  const place = useRef<HTMLDivElement>(null);
  const zoom = useRef(1);
  const { nodes = [], edges = noEdges } = rest;
  const isLarge = nodes.length > farLeast;
  const far = useStore((state) => isLarge && state.transform[2] < farZoom);
  const begin = useCallback((_event: unknown, viewport: { zoom: number }) => {
    zoom.current = viewport.zoom;
    place.current?.setAttribute("data-moving", "");
  }, []);
  const move = useCallback((_event: unknown, viewport: { zoom: number }) => {
    // A layer that is scaled is blurred, so it has to be drawn again.
    if (viewport.zoom !== zoom.current) place.current?.removeAttribute("data-moving");
  }, []);
  const end = useCallback(() => place.current?.removeAttribute("data-moving"), []);
  return (
    <Far.Provider value={far}>
      <div className="flow" ref={place} data-far={far || undefined}>
        <ReactFlow {...rest} edges={far ? noEdges : edges} onMoveStart={begin} onMove={move} onMoveEnd={end} fitView
                   onlyRenderVisibleElements={nodes.length > (far ? mountedMost : mountedNearMost)}>
          {!isLarge && <Background gap={20} />}
          <Controls showInteractive={false} />
          {overview !== undefined && <MiniMap pannable zoomable ariaLabel={overview} />}
          {far && <FarEdges nodes={nodes} edges={edges} />}
          {children}
        </ReactFlow>
        {arranged.busy > 0 && (
          <p className="flow-busy" role="status">
            <Icon name="loader" />
            Arranging {arranged.busy.toLocaleString("en")} steps…
          </p>
        )}
        {arranged.error !== null && arranged.error !== undefined && (
          <div className="flow-busy">
            <Notice tone="bad">The steps could not be arranged. {arranged.error instanceof Error ? arranged.error.message : ""}</Notice>
          </div>
        )}
      </div>
    </Far.Provider>
  );
}
