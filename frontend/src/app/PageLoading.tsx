import { Busy } from "@/ui/Busy";

export function PageLoading() {
  return <Busy />;
}
