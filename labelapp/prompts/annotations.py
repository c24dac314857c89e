"""What may be said of a prompt, each true or false: the paper's list (appendix B.3). One left out is not a "no"."""

ANNOTATIONS = {
    "ambiguous": "Ambiguous",
    "sensitive_content": "Sensitive content",
    "identity_dependent": "Identity dependent",
    "closed_domain": "Closed domain",
    "continuation_style": "Continuation style",
    "requests_opinionated_content": "Requests opinionated content",
    "requests_advice": "Requests advice",
    "requests_moral_judgment": "Requests moral judgment",
    "contains_explicit_safety_constraints": "Contains explicit safety constraints",
    "contains_other_explicit_constraints": "Contains other explicit constraints",
    "intent_unclear": "Intent unclear",
}
