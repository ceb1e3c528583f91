"""Whether the containers of docker-compose.yml can do no more than they need, from what the engine says
of them (`docker inspect`, on stdin). Prints a line for each fault."""

import json
import sys

# Root for seconds, without a network: it gives a folder to its owner.
BEFORE_ALL = "prepare"
ONCE = {BEFORE_ALL, "migrate"}


def faults(container):
    host, config = container["HostConfig"], container["Config"]
    service = config["Labels"]["com.docker.compose.service"]
    if not host["ReadonlyRootfs"]:
        yield "can write into its image"
    if host["CapDrop"] != ["ALL"] or host["CapAdd"] not in ([None, ["CHOWN"]] if service == BEFORE_ALL else [None]):
        yield f"has capabilities: all but {host['CapDrop']}, and {host['CapAdd']}"
    if "no-new-privileges:true" not in (host["SecurityOpt"] or []) or host["Privileged"]:
        yield "may gain privileges"
    if not host["Memory"] or (host["PidsLimit"] or 0) <= 0:
        yield "has no limit of memory or of processes"
    if config["User"].split(":")[0] in ("", "0", "root") and service != BEFORE_ALL:
        yield "is root"
    if service == BEFORE_ALL and host["NetworkMode"] != "none":
        yield "is root, and has a network"
    restart = "no" if service in ONCE else "unless-stopped"
    if (host["RestartPolicy"]["Name"] or "no") != restart:
        yield f"is restarted: {host['RestartPolicy']['Name']}, not {restart}"
    if not host["LogConfig"]["Config"].get("max-size"):
        yield "may fill the disk with its log"
    if host["PortBindings"] and service != "front-door":
        yield f"listens on the machine: {list(host['PortBindings'])}"


def main():
    found = [(container["Name"], fault) for container in json.load(sys.stdin) for fault in faults(container)]
    for name, fault in found:
        print(f"{name} {fault}")
    sys.exit(bool(found))


main()
