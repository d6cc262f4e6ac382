// SPDX-License-Identifier: Apache-2.0
/**
 * What the service says when it says no. Requests ask for RFC 9457, so that every problem has a code and a pointer into
 * the body that was sent.
 */

/** One thing that is wrong, and where. */
export interface Problem {
  severity?: "error" | "warning";
  code: string;
  message: string;
  /** JSON Pointer into the request's body or the definition; "" is the whole. */
  pointer: string | null;
  line?: number | null;
  column?: number | null;
}

export class ApiError extends Error {
  override readonly name = "ApiError";
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly problems: readonly Problem[],
    readonly correlationId: string | null,
    readonly retryAfterSeconds: number | null,
  ) {
    super(message);
  }
}

/** The service could not be reached. */
export class OfflineError extends Error {
  override readonly name = "OfflineError";
}

interface Rfc9457 {
  title?: string;
  detail?: unknown;
  code?: string;
  pointer?: string | null;
  errors?: { code: string; detail: string; pointer: string; line?: number; column?: number }[];
}

const text = (value: unknown): string | null => (typeof value === "string" && value !== "" ? value : null);

/** The failure of an answer whose body was read. */
export function errorOf(answer: Response, body: unknown): ApiError {
  const said: Rfc9457 = body !== null && typeof body === "object" ? body : {};
  const problems: Problem[] = (said.errors ?? []).map(({ detail, ...rest }) => ({ ...rest, message: detail }));
  const message = text(said.detail) ?? problems[0]?.message ?? text(said.title) ?? `The service answered ${answer.status}.`;
  const code = said.code ?? problems[0]?.code ?? `HTTP_${answer.status}`;
  const own: readonly Problem[] = problems.length > 0 ? problems : said.pointer ? [{ code, message, pointer: said.pointer }] : [];
  const seconds = Number(answer.headers.get("Retry-After"));
  return new ApiError(answer.status, code, message, own, answer.headers.get("X-Correlation-ID"), seconds > 0 ? seconds : null);
}

const headings: Record<number, string> = {
  401: "A token is needed",
  403: "Not allowed",
  404: "Not found",
  409: "Changed meanwhile",
  429: "Too many requests",
  503: "The service is not ready",
};

/** An error as a heading and a sentence for a person. */
export function explain(error: unknown): { heading: string; message: string } {
  if (error instanceof OfflineError)
    return { heading: "The service cannot be reached", message: "The service may be restarting, or the connection is down." };
  if (error instanceof ApiError)
    return { heading: headings[error.status] ?? "The service said no", message: error.message };
  return { heading: "Something went wrong", message: error instanceof Error ? error.message : String(error) };
}

/** Problems by their pointers, errors before warnings. */
export function problemsAt(problems: readonly Problem[], pointer: string): readonly Problem[] {
  return problems.filter((problem) => problem.pointer === pointer);
}
