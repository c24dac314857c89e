"""Pages of lists so long that counting them to the end would take longer than reading one."""

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from rest_framework.response import Response

from labelapp.common.pagination import PageNumbers


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # generic to the stubs alone
    """Counts no further than `most_counted`: who has more than that in front of them narrows the search down."""

    most_counted = 10_000

    @cached_property
    def found(self) -> int:
        """How many rows there are, one more than `most_counted` standing for all above it."""
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[: self.most_counted + 1].count())

    @cached_property
    def count(self) -> int:
        return min(self.found, self.most_counted)

    @property
    def is_capped(self) -> bool:
        """Whether there may be more than `count`."""
        return self.found > self.most_counted


class CappedPages(PageNumbers):
    """Numbered pages; `count_is_capped` says that there may be more than `count`."""

    django_paginator_class = CappedPaginator

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        paginator: Any = self.page.paginator  # type: ignore[union-attr]
        response.data["count_is_capped"] = paginator.is_capped
        return response

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        described: dict[str, Any] = super().get_paginated_response_schema(schema)
        most = self.django_paginator_class.most_counted
        described["properties"]["count_is_capped"] = {
            "type": "boolean",
            "description": f"There may be more than `count`: nothing is counted beyond {most:,}.",
        }
        described["required"] = [*described.get("required", []), "count_is_capped"]
        return described
