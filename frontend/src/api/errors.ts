import i18next from "i18next";

/** The code of what is answered about a prompt whose submitter asked for deletion. */
export const ERASED = "prompt_erased";

/** What the server says went wrong: the body of every 4xx, plus the HTTP status. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly errors: { field: string; message: string }[];
  readonly data: Record<string, unknown>;

  constructor(status: number, body: Partial<Pick<ApiError, "code" | "message" | "errors" | "data">>) {
    super(body.message || i18next.t("The server answered {{status}}.", { status }));
    this.name = "ApiError";
    this.status = status;
    this.code = body.code ?? "unknown";
    this.errors = body.errors ?? [];
    this.data = body.data ?? {};
  }
}

/** The server was not reached at all: worth trying again, and nothing is known to have happened. */
export class NetworkError extends Error {
  constructor(cause?: unknown) {
    super(i18next.t("The server cannot be reached. Check the connection and try again."), { cause });
    this.name = "NetworkError";
  }
}

export function isStatus(error: unknown, ...statuses: number[]): boolean {
  return error instanceof ApiError && statuses.includes(error.status);
}

/** True where the same request may succeed later: the network, a restart, an overload. */
export function isTransient(error: unknown): boolean {
  return (
    error instanceof NetworkError ||
    (error instanceof ApiError && (error.status >= 500 || error.status === 429))
  );
}

/** True where nobody answers: neither the server itself nor, in its place, the proxy before it. */
export function isOutage(error: unknown): boolean {
  return error instanceof NetworkError || isStatus(error, 502, 503, 504);
}

/** Messages by form field; what names no field of the form is under "". */
export function fieldErrors(error: unknown, fields: readonly string[]): Record<string, string> {
  const result: Record<string, string> = {};
  if (!error) return result;
  const rest: string[] = [];
  for (const { field, message } of error instanceof ApiError ? error.errors : []) {
    const known = fields.find((name) => field === name || field.startsWith(`${name}.`));
    if (known) result[known] ??= field === known ? message : `${field.slice(known.length + 1)}: ${message}`;
    else rest.push(field ? `${field}: ${message}` : message);
  }
  if (rest.length) result[""] = rest.join(" ");
  else if (!Object.keys(result).length) result[""] = errorMessage(error);
  return result;
}

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : i18next.t("Something went wrong.");
}

export function isErasure(error: unknown): boolean {
  return error instanceof ApiError && error.code === ERASED;
}
