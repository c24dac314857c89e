/** allauth's headless browser API: it is no part of our schema, so its few shapes are written here. */
import { ApiError } from "@/api/errors";
import { csrfToken, serverFetch } from "@/api/http";

const BASE = `${window.location.origin}/_allauth/browser/v1`;

type AllauthError = { message: string; code: string; param?: string };

async function call(method: string, path: string, body?: object, headers: Record<string, string> = {}) {
  if (method !== "GET" && !csrfToken()) await call("GET", "auth/session").catch(ignoreUnauthenticated);
  const init: RequestInit = { method, headers: { Accept: "application/json", ...headers } };
  if (body) {
    init.body = JSON.stringify(body);
    init.headers = { ...init.headers, "Content-Type": "application/json" };
  }
  try {
    return await serverFetch(new Request(`${BASE}/${path}`, init));
  } catch (error) {
    throw error instanceof ApiError ? translated(error) : error;
  }
}

/** allauth's errors name their field `param`; ours `field`. */
function translated(error: ApiError): ApiError {
  const errors = (error.errors as unknown as AllauthError[]).map(({ message, param }) => ({
    field: param ?? "",
    message,
  }));
  return new ApiError(error.status, {
    code: error.code,
    message: errors[0]?.message ?? "",
    errors,
    data: error.data,
  });
}

/** allauth answers 401 to whoever is not logged in, also after a logout or a password reset that worked. */
function ignoreUnauthenticated(error: unknown): void {
  if (!(error instanceof ApiError && error.status === 401)) throw error;
}

export async function logIn(credentials: { email: string; password: string }): Promise<void> {
  await call("POST", "auth/login", credentials);
}

export async function logOut(): Promise<void> {
  await call("DELETE", "auth/session").catch(ignoreUnauthenticated);
}

export async function requestPasswordReset(email: string): Promise<void> {
  await call("POST", "auth/password/request", { email }).catch(ignoreUnauthenticated);
}

export async function checkResetKey(key: string): Promise<void> {
  await call("GET", "auth/password/reset", undefined, { "X-Password-Reset-Key": key });
}

export async function resetPassword(key: string, password: string): Promise<void> {
  await call("POST", "auth/password/reset", { key, password }).catch(ignoreUnauthenticated);
}

export async function changePassword(change: {
  current_password: string;
  new_password: string;
}): Promise<void> {
  await call("POST", "account/password/change", change);
}
