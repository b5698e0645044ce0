FROM python:3.11-slim

# Numba keeps compiled code where the plain user may write.
ENV PYTHONUNBUFFERED=1 \
    PYTHONUTF8=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    NUMBA_CACHE_DIR=/data/numba \
    POWERLADDER_DATA_DIR=/data

RUN useradd --create-home --uid 10001 powerladder \
    && install -d -o powerladder -g powerladder /data /data/numba

WORKDIR /app
COPY requirements.lock .
RUN pip install --require-hashes --only-binary :all: -r requirements.lock
COPY . .

USER powerladder
VOLUME /data
EXPOSE 8501
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; assert urllib.request.urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4).read() == b'ok'"]
CMD ["python", "-m", "streamlit", "run", "app.py", "--server.address", "0.0.0.0", "--server.port", "8501"]
