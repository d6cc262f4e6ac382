// SPDX-License-Identifier: Apache-2.0
/** The objects of the API, by the names of its OpenAPI document. `schema.d.ts` is made by `script/web types`. */
export type {
  Action, ActionFindings, ActionList, ActionSchemas, Event, EventPage, Execution, ExecutionCreate, ExecutionPage,
  ExecutionProgress, ExecutionStart, Finding, Health, LogPage, Param, Pipeline, PipelineCreate, PipelineDiff,
  PipelineRevision, PipelineSave, Step, StepParams, TemplatePreview, Validation,
} from "./schema";
import type { Param } from "./schema";

export type ParamType = Param["type"];

/** Any JSON. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
