// SPDX-License-Identifier: Apache-2.0
/**
 * Icons by name, as inline SVG. Names come from the metadata of actions, which may use any icon set: the known ones and
 * their synonyms are drawn, an emoji is shown as it is, and everything else is a gear.
 */
import {
  AlarmClock, Archive, ArrowDown, ArrowLeft, ArrowLeftRight, ArrowRight, ArrowUp, Ban, Bell, BookOpen, Bookmark, Box, Braces, Brain,
  Calendar, ChartBar, ChartLine, Check, ChevronDown, ChevronLeft, ChevronRight, ChevronUp, CircleAlert, CircleCheck,
  CircleDashed, CircleHelp, CircleMinus, CirclePause, CirclePlay, CircleX, Clock, Cloud, CloudUpload, Code, Copy, Cpu, Database,
  DatabaseBackup, Download, Ellipsis, ExternalLink, Eye, File, FileCode, FileText, Filter, FlaskConical, Folder, Gauge,
  GitBranch, GitCompare, GitFork, GitMerge, Globe, Grip, Hand, Hash, History, Hourglass, House, Image, Info, Key, Keyboard,
  Layers, LayoutGrid, Link, List, ListChecks, LoaderCircle, Lock, LogOut, Mail, Map as MapIcon, Maximize, MessageSquare,
  Minus, Monitor, Moon, Move, Network, NotepadText, Package, PanelLeft, PanelRight, Pause, Pencil, Play, Plug, Plus, Power, Puzzle,
  Radio, Redo2, RefreshCw, Repeat, Rocket, RotateCcw, Save, ScanSearch, Search, Send, Server, ServerCrash, ServerCog, Settings, Shield, Shuffle,
  SkipForward, SlidersHorizontal, Sparkles, Split, Square, Star, Sun, Table, Tag, Terminal, Timer, Trash2, TrendingUp, TriangleAlert,
  Undo2, Unplug, Upload, User, Webhook, Workflow, Wrench, X, Zap, ZoomIn, ZoomOut,
} from "lucide-react";
import type { LucideIcon } from "lucide-react";

const drawn: Record<string, LucideIcon> = {
  "alarm-clock": AlarmClock, archive: Archive, "arrow-down": ArrowDown, "arrow-left": ArrowLeft,
  "arrow-left-right": ArrowLeftRight, "arrow-right": ArrowRight, "arrow-up": ArrowUp, ban: Ban, bell: Bell, book: BookOpen, bookmark: Bookmark,
  box: Box, braces: Braces, brain: Brain, calendar: Calendar, "chart-bar": ChartBar, "chart-line": ChartLine, check: Check,
  "chevron-down": ChevronDown, "chevron-left": ChevronLeft, "chevron-right": ChevronRight, "chevron-up": ChevronUp,
  "circle-alert": CircleAlert, "circle-check": CircleCheck, "circle-dashed": CircleDashed, "circle-help": CircleHelp,
  "circle-minus": CircleMinus, "circle-pause": CirclePause, "circle-play": CirclePlay, "circle-x": CircleX, clock: Clock,
  cloud: Cloud, "cloud-upload": CloudUpload, code: Code, copy: Copy, cpu: Cpu, database: Database, "database-backup": DatabaseBackup, download: Download,
  ellipsis: Ellipsis, "external-link": ExternalLink, eye: Eye, file: File, "file-code": FileCode, "file-text": FileText,
  filter: Filter, flask: FlaskConical, folder: Folder, gauge: Gauge, gear: Settings, "git-branch": GitBranch,
  "git-compare": GitCompare, "git-fork": GitFork, "git-merge": GitMerge, globe: Globe, grip: Grip, hand: Hand, hash: Hash,
  history: History, hourglass: Hourglass, house: House, image: Image, info: Info, key: Key, keyboard: Keyboard, layers: Layers,
  "layout-grid": LayoutGrid, link: Link, list: List, "list-checks": ListChecks, loader: LoaderCircle, lock: Lock,
  "log-out": LogOut, mail: Mail, map: MapIcon, maximize: Maximize, message: MessageSquare, minus: Minus, monitor: Monitor,
  moon: Moon, move: Move, network: Network, notepad: NotepadText, package: Package, "panel-left": PanelLeft, "panel-right": PanelRight,
  pause: Pause, pencil: Pencil, play: Play, plug: Plug, plus: Plus, power: Power, puzzle: Puzzle, radio: Radio, redo: Redo2,
  refresh: RefreshCw, repeat: Repeat, rocket: Rocket, "rotate-ccw": RotateCcw, save: Save, scan: ScanSearch, search: Search,
  send: Send, server: Server, "server-cog": ServerCog, "server-crash": ServerCrash, shield: Shield, shuffle: Shuffle, "skip-forward": SkipForward, sliders: SlidersHorizontal,
  sparkles: Sparkles, split: Split, square: Square, star: Star, sun: Sun, table: Table, tag: Tag, terminal: Terminal,
  timer: Timer, trash: Trash2, "trending-up": TrendingUp, "triangle-alert": TriangleAlert, undo: Undo2, unplug: Unplug, upload: Upload, user: User,
  webhook: Webhook, workflow: Workflow, wrench: Wrench, x: X, zap: Zap, "zoom-in": ZoomIn, "zoom-out": ZoomOut,
};

/** What other icon sets call the same. */
const synonyms: Record<string, string> = {
  "alert-triangle": "triangle-alert", "arrows-alt": "move", "arrow-square-out": "external-link", "arrows-left-right": "arrow-left-right",
  "bar-chart": "chart-bar", beaker: "flask", "calendar-clock": "calendar", chart: "chart-bar", "check-circle": "circle-check",
  cog: "gear", "cloud-download": "download", "database-plus": "database", delete: "trash", edit: "pencil", email: "mail",
  "flask-conical": "flask", "gauge-high": "gauge", "git-commit": "git-branch", "heart-pulse": "chart-line",
  "help-circle": "circle-help", home: "house", json: "braces", lightning: "zap", "list-check": "list-checks",
  "message-square": "message", note: "notepad", "paper-plane": "send", "pause-circle": "circle-pause",
  "play-circle": "circle-play", "plus-circle": "plus", retry: "rotate-ccw", "refresh-cw": "refresh", "server-minus": "server-crash", "server-plus": "server-cog", "server-x": "server-crash", settings: "gear",
  speedometer: "gauge", stack: "layers", stopwatch: "timer", swap: "arrow-left-right", tool: "wrench", "trash-2": "trash",
  "user-check": "user", "x-circle": "circle-x",
};

const emoji = /^\p{Extended_Pictographic}/u;

/** The name under which an icon is drawn; null: it is none that is known. */
export function knownIcon(name: string | null | undefined): string | null {
  const plain = (name ?? "").trim().toLowerCase().replace(/_/g, "-").replace(/^[a-z0-9-]+:/, "");
  if (Object.hasOwn(drawn, plain)) return plain;
  return Object.hasOwn(synonyms, plain) ? (synonyms[plain] ?? null) : null;
}

/** All names that are drawn, for pickers. */
export const iconNames: readonly string[] = Object.keys(drawn);

export interface IconProps {
  name: string | null | undefined;
  /** Drawn where the name is not known. */
  fallback?: string;
  className?: string;
  /** What a screen reader says; without it the icon is decoration. */
  label?: string;
}

export function Icon({ name, fallback = "gear", className = "", label }: IconProps) {
  const spoken = label ? { role: "img", "aria-label": label } : { "aria-hidden": true as const };
  if (name && emoji.test(name))
    return (
      <span className={`icon icon-emoji ${className}`} {...spoken}>
        {name}
      </span>
    );
  const Drawing = drawn[knownIcon(name) ?? knownIcon(fallback) ?? "gear"] ?? Settings;
  return <Drawing className={`icon ${className}`} strokeWidth={1.9} {...spoken} />;
}
