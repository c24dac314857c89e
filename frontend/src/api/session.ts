/** Who is logged in. */
import { queryOptions, useSuspenseQuery } from "@tanstack/react-query";
import { api, type Schemas } from "@/api/client";
import { isStatus } from "@/api/errors";

export type Me = Schemas["Me"];
export type Role = Me["role"];

const RANK: Record<Role, number> = { labeler: 0, researcher: 1, admin: 2 };

export function hasRole(me: Me, role: Role): boolean {
  return RANK[me.role] >= RANK[role];
}

export const sessionQuery = queryOptions({
  queryKey: ["session"],
  queryFn: async (): Promise<Me | null> => {
    try {
      return (await api.GET("/api/v1/me")).data ?? null;
    } catch (error) {
      if (isStatus(error, 401, 403)) return null;
      throw error;
    }
  },
  staleTime: 5 * 60_000,
});

/** The person of this session; only for pages behind the login. */
export function useMe(): Me {
  const { data } = useSuspenseQuery(sessionQuery);
  if (!data) throw new Error("This page needs a login.");
  return data;
}
