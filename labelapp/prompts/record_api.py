"""Consent, prompts that customers send, and the review of personal data, over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from labelapp.accounts.models import Role
from labelapp.common.errors import ErrorSerializer
from labelapp.common.requests import parsed, parsed_query
from labelapp.prompts import alike, consent, ingest, pii, queries
from labelapp.prompts.import_serializers import AlikeSerializer, DroppedLineSerializer
from labelapp.prompts.paging import CappedPages
from labelapp.prompts.record_serializers import (
    ConsentQuery,
    ConsentSerializer,
    IngestedSerializer,
    IngestPrompt,
    OriginalSerializer,
    PiiPromptSerializer,
    RecordConsent,
    ReviewPii,
    StandingConsentSerializer,
    StandingQuery,
    SubmitterQuery,
    SubmitterSerializer,
    WithdrawConsent,
    WithdrawnSerializer,
)
from labelapp.prompts.serializers import PromptSerializer

BAD_INPUT = {400: ErrorSerializer}
MISSING = {404: ErrorSerializer}
CONFLICT = {409: ErrorSerializer}


class ConsentListView(GenericAPIView[Any]):
    """The record of who consented to what. It is only ever added to."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="consents_list",
        parameters=[ConsentQuery],
        responses={200: ConsentSerializer(many=True), **BAD_INPUT, **MISSING},
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(consent.consents(**parsed_query(ConsentQuery, request)))
        return self.get_paginated_response(ConsentSerializer(page, many=True).data)

    @extend_schema(
        operation_id="consents_record",
        request=RecordConsent,
        responses={201: ConsentSerializer, **BAD_INPUT, **MISSING},
    )
    def post(self, request: Request) -> Response:
        user: Any = request.user
        body = parsed(RecordConsent, request)
        recorded = consent.record_consent(
            submitter=body["submitter"],
            model=body["model"],
            wording=consent.Wording(body["wording_version"], body["wording"], body["way"]),
            occurred_at=body.get("occurred_at"),
            recorded_by=user,
        )
        return Response(ConsentSerializer(recorded).data, status=201)


class StandingConsentView(GenericAPIView[Any]):
    """What holds for each submitter and model: a consent, or its withdrawal."""

    required_role = Role.RESEARCHER
    pagination_class = CappedPages

    @extend_schema(
        operation_id="consents_standing",
        parameters=[StandingQuery],
        responses={200: StandingConsentSerializer(many=True), **BAD_INPUT, **MISSING},
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(consent.standing_consents(**parsed_query(StandingQuery, request)))
        return self.get_paginated_response(StandingConsentSerializer(page, many=True).data)


class SubmitterListView(GenericAPIView[Any]):
    """Everybody from whom prompts come."""

    required_role = Role.RESEARCHER
    pagination_class = CappedPages

    @extend_schema(
        operation_id="submitters_list",
        parameters=[SubmitterQuery],
        responses={200: SubmitterSerializer(many=True), **BAD_INPUT, **MISSING},
    )
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(consent.submitters(**parsed_query(SubmitterQuery, request)))
        return self.get_paginated_response(SubmitterSerializer(page, many=True).data)


class WithdrawConsentView(APIView):
    """A withdrawal of consent: it is recorded, and what was sent to the model is archived."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="consents_withdraw",
        request=WithdrawConsent,
        responses={201: WithdrawnSerializer, **BAD_INPUT, **MISSING, **CONFLICT},
    )
    def post(self, request: Request) -> Response:
        user: Any = request.user
        body = parsed(WithdrawConsent, request)
        withdrawn, archived = consent.withdraw_consent(
            submitter=body["submitter"],
            model=body["model"],
            occurred_at=body.get("occurred_at"),
            recorded_by=user,
            way=body["way"],
        )
        return Response(WithdrawnSerializer({"consent": withdrawn, "archived": archived}).data, status=201)


class IngestView(APIView):
    """A prompt that a customer sent to a model. Without their recorded consent it is refused."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="prompts_ingest",
        request=IngestPrompt,
        responses={200: IngestedSerializer, 201: IngestedSerializer, **BAD_INPUT, **MISSING, **CONFLICT},
    )
    def post(self, request: Request) -> Response:
        user: Any = request.user
        body = parsed(IngestPrompt, request)
        ingested = ingest.ingest_prompt(body, model=body.pop("model"), sent_by=user)
        return Response(IngestedSerializer(ingested).data, status=201 if ingested.fate == "kept" else 200)


class PiiListView(GenericAPIView[Any]):
    """The prompts in which something looks like personal data, and nobody has decided yet; the oldest first."""

    required_role = Role.RESEARCHER
    pagination_class = CappedPages

    @extend_schema(operation_id="prompts_personal_data", responses={200: PiiPromptSerializer(many=True), **MISSING})
    def get(self, request: Request) -> Response:
        page = self.paginate_queryset(queries.prompts_to_review())
        return self.get_paginated_response(PiiPromptSerializer(page, many=True).data)


class PiiReviewView(APIView):
    """A person's decision about what was found in a prompt."""

    required_role = Role.RESEARCHER

    @extend_schema(
        operation_id="prompts_review_personal_data",
        request=ReviewPii,
        responses={200: PromptSerializer, **BAD_INPUT, **MISSING, **CONFLICT},
    )
    def post(self, request: Request, prompt_id: int) -> Response:
        user: Any = request.user
        body = parsed(ReviewPii, request)
        findings = [dict(found) for found in body["findings"]]
        pii.review(prompt_id, redacted=body["redacted"], reviewed_by=user, findings=findings)
        return Response(PromptSerializer(queries.access_prompt(prompt_id)).data)


class OriginalView(APIView):
    """What a prompt said before it was redacted. Looking is recorded, so it is no GET."""

    required_role = Role.ADMIN

    @extend_schema(operation_id="prompts_original", request=None, responses={200: OriginalSerializer, **MISSING})
    def post(self, request: Request, prompt_id: int) -> Response:
        user: Any = request.user
        return Response(OriginalSerializer(pii.read_original(prompt_id, seen_by=user)).data)


class PromptDuplicatesView(GenericAPIView[Any]):
    """The lines of imports that were left out because this prompt was there, each with the reason."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="prompts_duplicates", responses={200: DroppedLineSerializer(many=True), **MISSING})
    def get(self, request: Request, prompt_id: int) -> Response:
        page = self.paginate_queryset(queries.dropped_in_favour_of(queries.access_prompt(prompt_id)))
        return self.get_paginated_response(DroppedLineSerializer(page, many=True).data)


class PromptAlikeView(APIView):
    """The prompts that are nearly the same as this one, the most alike first."""

    required_role = Role.RESEARCHER

    @extend_schema(operation_id="prompts_alike", responses={200: AlikeSerializer(many=True), **MISSING})
    def get(self, request: Request, prompt_id: int) -> Response:
        return Response(AlikeSerializer(alike.alike(queries.access_prompt(prompt_id)), many=True).data)
