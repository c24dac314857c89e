/** The one fetch of the app: adds the CSRF token and turns failures into ApiError and NetworkError. */
import { ApiError, NetworkError } from "@/api/errors";

const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

export function csrfToken(): string {
  return /(?:^|; )csrftoken=([^;]+)/.exec(document.cookie)?.[1] ?? "";
}

export async function serverFetch(request: Request): Promise<Response> {
  if (!SAFE.has(request.method)) request.headers.set("X-CSRFToken", csrfToken());
  let response: Response;
  try {
    response = await fetch(request);
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new NetworkError(error);
  }
  if (!response.ok) throw new ApiError(response.status, await errorBody(response));
  return response;
}

async function errorBody(response: Response): Promise<ConstructorParameters<typeof ApiError>[1]> {
  try {
    const body: unknown = await response.json();
    return typeof body === "object" && body ? body : {};
  } catch {
    return {}; // a proxy's HTML page: the status says enough
  }
}
