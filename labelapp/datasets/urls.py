"""Addresses of datasets, below /api/v1/."""

from django.urls import path

from labelapp.datasets import api, cohort_api, erasure_api, version_api

urlpatterns = [
    path("cohorts", cohort_api.CohortListView.as_view()),
    path("cohorts/<int:cohort_id>", cohort_api.CohortView.as_view()),
    path("dataset-shapes", version_api.ShapeListView.as_view()),
    path("datasets", api.DatasetListView.as_view()),
    path("datasets/preview", api.DatasetPreviewView.as_view()),
    path("datasets/<int:dataset_id>", api.DatasetView.as_view()),
    path("datasets/<int:dataset_id>/versions", api.DatasetFreezeView.as_view()),
    path("dataset-versions", api.DatasetVersionListView.as_view()),
    path("dataset-versions/<int:version_id>", api.DatasetVersionView.as_view()),
    path("dataset-versions/<int:version_id>/files/<str:name>", api.DatasetFileView.as_view()),
    path("dataset-versions/<int:version_id>/rows", api.DatasetRowListView.as_view()),
    path("dataset-versions/<int:version_id>/sources", version_api.VersionSourcesView.as_view()),
    path("dataset-versions/<int:version_id>/export", version_api.VersionExportView.as_view()),
    path("dataset-versions/<int:version_id>/comparison", version_api.VersionComparisonView.as_view()),
    path("dataset-versions/<int:version_id>/changes", version_api.VersionChangesView.as_view()),
    path("dataset-versions/<int:version_id>/rebuild", version_api.VersionRebuildView.as_view()),
    path("erasures", erasure_api.ErasureListView.as_view()),
    path("erasures/<int:erasure_id>", erasure_api.ErasureView.as_view()),
    path("submitters/<int:submitter_id>/versions", erasure_api.SubmitterVersionsView.as_view()),
    path("erasures/<int:erasure_id>/withdraw", erasure_api.ErasureWithdrawView.as_view()),
]
