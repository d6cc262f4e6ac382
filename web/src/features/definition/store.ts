// SPDX-License-Identifier: Apache-2.0
/** A document that changes over time, with its past and future. The one source of truth of everything that shows it. */
import type { Command } from "./commands";
import type { Dag } from "./model";

interface Moment {
  readonly dag: Dag;
  /** What led here, for the undo button: "Move 3 steps". */
  readonly label: string;
}

export interface Snapshot {
  readonly dag: Dag;
  readonly undo: string | null;
  readonly redo: string | null;
  /** Differs from what was saved last. */
  readonly dirty: boolean;
}

/** Changes with the same `merge` within this time are one moment: typing into one field, dragging one node. */
const mergeMs = 1200;

export class DocumentStore {
  private past: Moment[] = [];
  private now: Moment;
  private future: Moment[] = [];
  private saved: Dag;
  private lastMerge: { key: string; at: number } | null = null;
  private readonly listeners = new Set<() => void>();
  private snapshot: Snapshot;

  constructor(dag: Dag, private readonly clock: () => number = Date.now) {
    this.now = { dag, label: "" };
    this.saved = dag;
    this.snapshot = this.makeSnapshot();
  }

  /** For useSyncExternalStore. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  readonly getSnapshot = (): Snapshot => this.snapshot;

  get dag(): Dag {
    return this.now.dag;
  }

  /** Does a command. One that changes nothing leaves no trace. @return whether it changed anything */
  apply(label: string, command: Command, merge?: string): boolean {
    const dag = command(this.now.dag);
    if (dag === this.now.dag) return false;
    const at = this.clock();
    const isMerged = merge !== undefined && this.lastMerge?.key === merge && at - this.lastMerge.at < mergeMs && this.past.length > 0;
    if (!isMerged) this.past.push(this.now);
    this.now = { dag, label };
    this.future = [];
    this.lastMerge = merge === undefined ? null : { key: merge, at };
    this.tell();
    return true;
  }

  undo(): void {
    const before = this.past.pop();
    if (!before) return;
    this.future.push(this.now);
    this.now = before;
    this.lastMerge = null;
    this.tell();
  }

  redo(): void {
    const after = this.future.pop();
    if (!after) return;
    this.past.push(this.now);
    this.now = after;
    this.lastMerge = null;
    this.tell();
  }

  /** What was saved is what is clean from now on. */
  markSaved(dag: Dag): void {
    this.saved = dag;
    this.tell();
  }

  private makeSnapshot(): Snapshot {
    return {
      dag: this.now.dag,
      undo: this.past.length ? this.now.label : null,
      redo: this.future.at(-1)?.label ?? null,
      dirty: this.now.dag !== this.saved,
    };
  }

  private tell(): void {
    this.snapshot = this.makeSnapshot();
    for (const listener of this.listeners) listener();
  }
}
