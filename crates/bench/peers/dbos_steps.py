"""A DBOS application on PostgreSQL: a durable workflow of ten steps that do nothing, one run per HTTP request.

DBOS runs workflows in the process that calls them, so the handler of a request calls the workflow and answers with its
result. Arguments: port, URL of the database.
"""

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from dbos import DBOS, DBOSConfig


@DBOS.step()
def step(value):
    return value


@DBOS.workflow()
def ten(value):
    for _ in range(10):
        value = step(value)
    return value


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    # Head and body leave together.
    wbufsize = -1

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        answer = json.dumps(ten(json.loads(body))).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


config: DBOSConfig = {
    "name": "ten-steps",
    "system_database_url": sys.argv[2],
    "run_admin_server": False,
    "log_level": "ERROR",
}
DBOS(config=config)
DBOS.launch()
Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
