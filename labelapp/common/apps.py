from django.apps import AppConfig


class CommonConfig(AppConfig):
    name = "labelapp.common"
    label = "common"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # Not at the top: the framework's fields need the settings.
        from labelapp.common.field_messages import use_own_messages

        use_own_messages()
