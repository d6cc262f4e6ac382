// SPDX-License-Identifier: Apache-2.0
export * from "./clipboard";
export * from "./commands";
export * from "./graph";
export * from "./model";
export * from "./problems";
export * from "./references";
export * from "./store";
export * from "./text";
