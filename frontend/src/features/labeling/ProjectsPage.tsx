import { Page, PageHeader } from "@/ui/Page";

export function ProjectsPage() {
  return (
    <Page title="Label">
      <PageHeader title="Label" />
    </Page>
  );
}
