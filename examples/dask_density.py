"""A density whose parts are tasks of a Dask cluster.

    python examples/dask_density.py points.csv -o density.npy [--parts 16] [--scheduler tcp://host:8786]
                                    [--densitas target/release/densitas] [-- options of `densitas density`]

Without --scheduler, processes on this machine do the work. Parts are files in --folder, which all workers must
see; a part that a worker left behind is not made again. Options after -- are those of `densitas density`.
--kill-one ends a worker while it works, to see that nothing is lost.
"""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from dask.distributed import Client, LocalCluster, as_completed, get_worker


def run(command):
    """The JSON that the program answers; its message if it fails."""
    done = subprocess.run([*map(str, command), "--json"], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"exit {done.returncode}: {done.stderr.strip()}")
    return json.loads(done.stdout)


def part(densitas, points, chosen, plan, number, of, folder, slow=0.0):
    """Makes one part; gives its file and the process that made it."""
    out = pathlib.Path(folder) / f"part-{number}.npy"
    (pathlib.Path(folder) / f"worker-of-{number}").write_text(str(os.getpid()))
    time.sleep(slow)
    run([densitas, "density", points, *chosen, "--plan", plan, "--part", f"{number}/{of}", "--threads", 1, "-o", out])
    return str(out), get_worker().name


def kill_one(folder):
    """Ends the worker that has begun the first part, without warning."""
    note = pathlib.Path(folder) / "worker-of-1"
    while not note.exists() or not note.read_text():
        time.sleep(0.01)
    pid = int(note.read_text())
    os.kill(pid, signal.SIGKILL)
    return pid


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("points")
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--parts", type=int, default=16)
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--scheduler")
    parser.add_argument("--densitas", default="densitas")
    parser.add_argument("--folder", help="for the plan and the parts; a temporary one if it is left out")
    parser.add_argument("--points-options", default="", help='options that choose points, such as "--weights w"')
    parser.add_argument("--kill-one", action="store_true")
    own = sys.argv[1 : sys.argv.index("--")] if "--" in sys.argv else sys.argv[1:]
    options = sys.argv[len(own) + 2 :]
    args = parser.parse_args(own)
    chosen = args.points_options.split()
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(args.folder or temporary).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        points, plan = pathlib.Path(args.points).resolve(), folder / "plan.json"
        densitas = args.densitas if os.sep not in args.densitas else pathlib.Path(args.densitas).resolve()
        run([densitas, "density", points, *chosen, *options, "--plan", plan])
        cluster = args.scheduler or LocalCluster(
            n_workers=args.workers, threads_per_worker=1, processes=True, dashboard_address=None
        )
        with Client(cluster) as client:
            tasks = [
                client.submit(part, densitas, points, chosen, plan, i, args.parts, folder, 0.5 * args.kill_one, retries=3)
                for i in range(1, args.parts + 1)
            ]
            if args.kill_one:
                print("killed worker process", kill_one(folder))
            files = [done.result()[0] for done in as_completed(tasks)]
        if not args.scheduler:
            cluster.close()
        told = run([densitas, "density", "--merge", *files, "--dtype", "f64", "-o", args.output])
    print(f"{args.output}: {told['points']} points in {told['parts']} parts, "
          f"error below {told['error_relative_to_max']:.1e} of the maximum")


if __name__ == "__main__":
    main()
