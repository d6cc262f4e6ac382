// SPDX-License-Identifier: Apache-2.0
export * from "./Badge";
export * from "./Button";
export * from "./Dialog";
export * from "./Field";
export * from "./Hint";
export * from "./Menu";
export * from "./Pager";
export * from "./State";
export * from "./Tabs";
export * from "./Toasts";
export * from "./Time";
