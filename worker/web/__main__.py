"""Serves the page until it is ended: `python -m worker.web`, which `imagesieve serve` and `up` start."""

import sys
import threading

from shared.errors import ImagesieveError
from shared.logs import configure_logging
from shared.settings import load_settings
from shared.stack.state_dir import flower_auth
from worker.libraries import prepare_libraries
from worker.web.app import make_page
from worker.web.desk import Desk
from worker.web.server import make_server


def main() -> int:
    """Exit status 1 with a sentence where it cannot be served."""
    try:
        settings = load_settings()
        configure_logging(settings.log_level)
        prepare_libraries(settings.max_pixels)
        desk = Desk(settings, settings.flower_auth or flower_auth(settings.state_dir))
        try:
            threading.Thread(target=desk.newest.index, name="index", daemon=True).start()  # before anybody asks
            make_server(make_page(desk), settings.web_address, settings.web_port).run()
        finally:
            desk.close()
    except ImagesieveError as error:
        print(f"imagesieve: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
