"""Pages of lists so long that counting them to the end would take longer than reading one."""

from functools import cached_property
from typing import Any

from django.core.paginator import Paginator
from rest_framework.response import Response

from labelapp.common.pagination import PageNumbers

MOST_COUNTED = 10_000


class CappedPaginator(Paginator):  # type: ignore[type-arg]  # generic to the stubs alone
    """Counts no further than MOST_COUNTED: who has more than that in front of them narrows the search down."""

    @cached_property
    def found(self) -> int:
        """How many rows there are, one more than MOST_COUNTED standing for all above it."""
        rows: Any = self.object_list
        return int(rows.order_by().values("pk")[: MOST_COUNTED + 1].count())

    @cached_property
    def count(self) -> int:
        return min(self.found, MOST_COUNTED)


class CappedPages(PageNumbers):
    """Numbered pages; `count_is_capped` says that there are more than `count`."""

    django_paginator_class = CappedPaginator

    def get_paginated_response(self, data: Any) -> Response:
        response = super().get_paginated_response(data)
        paginator: Any = self.page.paginator  # type: ignore[union-attr]
        response.data["count_is_capped"] = paginator.found > MOST_COUNTED
        return response

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        described: dict[str, Any] = super().get_paginated_response_schema(schema)
        described["properties"]["count_is_capped"] = {
            "type": "boolean",
            "description": f"There are more than `count`: nothing is counted beyond {MOST_COUNTED:,}.",
        }
        described["required"] = [*described.get("required", []), "count_is_capped"]
        return described
