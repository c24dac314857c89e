import { expect, test, vi } from "vitest";
import { NetworkError } from "@/api/errors";
import { fetched } from "@/app/routes/page";

const missing = new TypeError("Failed to fetch dynamically imported module");
const load = () => Promise.reject(missing);

test("code that cannot be fetched without a server is no reason to load the whole app anew", async () => {
  vi.stubGlobal("fetch", () => Promise.reject(new TypeError("Failed to fetch")));
  await expect(fetched(load)).rejects.toBeInstanceOf(NetworkError);
});

test("code that a server does not have any more is", async () => {
  vi.stubGlobal("fetch", async () => Response.json({ status: "ok" }));
  await expect(fetched(load)).rejects.toBe(missing);
});
