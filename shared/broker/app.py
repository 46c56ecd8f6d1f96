"""The Celery app for processes that send or watch and never work: `celery -A shared.broker.app beat`, `... flower`."""

from celery.signals import setup_logging

from shared.broker import make_app
from shared.logs import configure_logging
from shared.settings import load_settings


def _log(**_: object) -> None:
    configure_logging(_settings.log_level)


_settings = load_settings()
setup_logging.connect(_log, weak=False)
# Celery's command line takes a module's `app`; nothing else imports this module.
app = make_app(_settings)
