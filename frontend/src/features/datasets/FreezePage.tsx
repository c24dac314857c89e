import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { $api, api } from "@/api/client";
import { DATASET_KIND } from "@/api/labels";
import { rowId } from "@/api/rowId";
import classes from "@/features/datasets/Datasets.module.css";
import { Filters } from "@/features/datasets/Filters";
import { Preview } from "@/features/datasets/Preview";
import { filterErrors, type Query } from "@/features/datasets/query";
import { TextLink } from "@/ui/links";
import { Page, PageHeader, Section } from "@/ui/Page";

export function FreezePage() {
  const id = rowId(useParams({ from: "/members/datasets/$datasetId/freeze" }).datasetId);
  const { data: dataset } = $api.useSuspenseQuery("get", "/api/v1/datasets/{dataset_id}", {
    params: { path: { dataset_id: id } },
  });
  const [query, setQuery] = useState<Query>({});
  const [asked] = useDebouncedValue(query, 300);
  const body = { kind: dataset.kind, query: asked };
  // A POST that writes nothing: the filters may be longer than an address.
  const preview = useQuery({
    queryKey: ["dataset-preview", body],
    queryFn: async ({ signal }) => (await api.POST("/api/v1/datasets/preview", { body, signal })).data,
    placeholderData: keepPreviousData,
    retry: false,
  });
  const errors = filterErrors(preview.error);
  return (
    <Page title={`Freeze ${dataset.name}`}>
      <PageHeader
        title={`Freeze a version of ${dataset.name}`}
        description={
          <>
            <TextLink to="/datasets/$datasetId" params={{ datasetId: String(id) }}>
              {dataset.name}
            </TextLink>{" "}
            · {DATASET_KIND[dataset.kind]} · only the newest revision of each answer counts
          </>
        }
      />
      <div className={classes.builder}>
        <Section title="What to take" description="Left empty, a filter takes everything.">
          <Filters
            dataset={dataset}
            query={query}
            seen={preview.data}
            errors={errors}
            onChange={(change) => setQuery({ ...query, ...change })}
          />
        </Section>
        <Preview dataset={dataset} query={query} found={preview.data} errors={errors} />
      </div>
    </Page>
  );
}
