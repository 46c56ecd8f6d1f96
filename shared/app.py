"""The Celery app for processes that send or watch and never work: `celery -A shared.app beat`, `... flower`."""

from shared.broker import make_app
from shared.settings import load_settings

# Celery's command line takes a module's `app`; nothing else imports this module.
app = make_app(load_settings())
