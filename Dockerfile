# One image for every process of imagesieve; docker-compose.yml says which of them a container runs.
FROM python:3.11-slim-bookworm

# The lock file: `run`, or `gpu` for TensorFlow with CUDA's libraries.
ARG LOCK=run
# No pip in the environment: nothing that runs later needs one.
RUN python -m venv --without-pip /opt/venv
COPY requirements/${LOCK}.txt /opt/venv/requirements.txt
# Wheels alone, each with its hash from the lock: nothing is compiled, and no package's code runs here.
# TensorFlow's C++ headers and libclang, half a gigabyte, serve only those who compile against it.
RUN pip --python /opt/venv/bin/python install --no-cache-dir --only-binary :all: --require-hashes \
        -r /opt/venv/requirements.txt \
    && rm -rf /opt/venv/lib/python3*/site-packages/tensorflow/include /opt/venv/lib/python3*/site-packages/clang

# Who reads the watched folder. Volumes made at these six take over their owner from here.
ARG UID=1000
RUN useradd --uid "${UID}" --user-group --home-dir /tmp --no-create-home --shell /usr/sbin/nologin imagesieve \
    && install -d -o imagesieve -g imagesieve -m 0700 /state /keras /moved /index /previews /decisions \
    && install -d /watched

# Editable, as everywhere; compiled now, because the root file system is read-only later.
WORKDIR /opt/imagesieve
COPY . .
RUN chmod -R go=rX . \
    && pip --python /opt/venv/bin/python install --no-cache-dir --no-deps --no-build-isolation --editable . \
    && python -m compileall -q shared watcher worker

ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HOME=/tmp \
    KERAS_HOME=/keras \
    IMAGESIEVE_WATCH_DIR=/watched \
    IMAGESIEVE_STATE_DIR=/state \
    IMAGESIEVE_INDEX_DIR=/index \
    IMAGESIEVE_PREVIEWS_DIR=/previews \
    IMAGESIEVE_DECISIONS_DIR=/decisions \
    IMAGESIEVE_UID=${UID}
USER imagesieve

# Behind all layers, so that another version builds none of them again; `make image` gives both.
ARG VERSION=unversioned
ARG REVISION=
LABEL org.opencontainers.image.title="imagesieve" \
      org.opencontainers.image.description="Finds duplicates in a stream of images, continuously" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
CMD ["imagesieve", "--help"]
