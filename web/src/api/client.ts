// SPDX-License-Identifier: Apache-2.0
/** One request to the service: token, JSON, errors as values of ApiError. Everything else of the API is built on it. */
import { prefix } from "@/app/prefix";
import { ApiError, OfflineError, errorOf } from "./errors";
import { demandToken, token } from "./token";

export interface RequestOptions {
  method?: "GET" | "POST" | "PUT" | "DELETE";
  query?: Record<string, string | number | boolean | null | undefined>;
  body?: unknown;
  /** ETag that what is changed must still have. */
  ifMatch?: string | null;
  /** Makes a POST one that is done once however often it is sent. */
  idempotencyKey?: string;
  headers?: Record<string, string>;
  signal?: AbortSignal | undefined;
}

export interface Answer<T> {
  data: T;
  etag: string | null;
}

function urlOf(path: string, query: RequestOptions["query"]): string {
  const given = Object.entries(query ?? {}).filter(([, value]) => value != null && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text ? `${path}?${text}` : path;
}

export function authorization(): Record<string, string> {
  const known = token();
  return known ? { Authorization: `Bearer ${known}` } : {};
}

async function send(path: string, options: RequestOptions): Promise<Response> {
  const { method = "GET", query, body, ifMatch, idempotencyKey, headers, signal } = options;
  try {
    return await fetch(prefix + urlOf(path, query), {
      method,
      headers: {
        Accept: "application/json, application/problem+json",
        ...authorization(),
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(ifMatch ? { "If-Match": ifMatch } : {}),
        ...(idempotencyKey ? { "Idempotency-Key": idempotencyKey } : {}),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new OfflineError("The service cannot be reached");
  }
}

async function bodyOf(answer: Response): Promise<unknown> {
  const text = await answer.text();
  if (text === "") return null;
  try {
    return JSON.parse(text);
  } catch {
    if (answer.ok) throw new ApiError(answer.status, "NOT_JSON", "The service answered something that is no JSON.", [], null, null);
    return null;
  }
}

/** Sends a request and reads its answer. Throws ApiError or OfflineError. */
export async function request<T>(path: string, options: RequestOptions = {}): Promise<Answer<T>> {
  const answer = await send(path, options);
  const body = await bodyOf(answer);
  if (answer.status === 401) demandToken();
  if (!answer.ok) throw errorOf(answer, body);
  return { data: body as T, etag: answer.headers.get("ETag") };
}

/** The data of an answer alone. */
export async function get<T>(path: string, options: RequestOptions = {}): Promise<T> {
  return (await request<T>(path, options)).data;
}
