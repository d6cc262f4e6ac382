// SPDX-License-Identifier: Apache-2.0
/** The objects of the API, by the names of its OpenAPI document. `schema.d.ts` is made by `script/web types`. */
export type {
  Action, ActionFindings, ActionList, ActionSchemas, Event, EventPage, Execution, ExecutionCreate, ExecutionPage,
  ExecutionProgress, ExecutionStart, Finding, Health, LogPage, Param, ParamOptions, Pipeline, PipelineCreate, PipelineDiff,
  PipelineRevision, PipelineSave, Step, StepParams, TemplatePreview, Validation,
} from "./schema";
import type { Param, ParamOptions } from "./schema";

export type ParamType = Param["type"];
export type ParamOption = ParamOptions["options"][number];

/** Any JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
