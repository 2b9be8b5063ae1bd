"""An analyst opens the data review in a real JupyterLab and runs it by hand."""

from __future__ import annotations

import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest
from conftest import ROOT

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine"),
]
START_SECONDS = 120


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(address: str, server: subprocess.Popen) -> None:
    for _ in range(START_SECONDS):
        assert server.poll() is None, "JupyterLab ended at once"
        try:
            urllib.request.urlopen(address, timeout=2)
            return
        except OSError:
            time.sleep(1)
    pytest.fail("JupyterLab did not answer")


@pytest.fixture
def lab(tiny: Path, tmp_path: Path):
    """Serve the tiny company's folder; give the address and the token."""
    port, token = free_port(), secrets.token_hex(8)
    command = [
        *[sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1"],
        *[f"--port={port}", f"--IdentityProvider.token={token}", f"--ServerApp.root_dir={tiny}"],
        *["--LabApp.news_url=", "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate"],
    ]
    environment = os.environ | {
        "SOPKIT_HOME": str(tiny),
        "JUPYTER_CONFIG_DIR": str(tmp_path / "config"),
        "JUPYTERLAB_WORKSPACES_DIR": str(tmp_path / "workspaces"),
    }
    with (tmp_path / "lab.log").open("w") as log:
        server = subprocess.Popen(command, env=environment, stdout=log, stderr=log, cwd=ROOT)
        try:
            wait_for(f"http://127.0.0.1:{port}/api?token={token}", server)
            yield f"http://127.0.0.1:{port}", token
        finally:
            server.terminate()
            server.wait(30)


def test_the_data_review_runs_by_hand_and_shows_answer_and_chart(lab, tiny):
    from playwright.sync_api import expect, sync_playwright

    base, token = lab
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--disable-gpu", "--disable-background-networking"]
        )
        page = browser.new_page(viewport={"width": 1300, "height": 900})
        foreign: list[str] = []
        page.on(
            "request",
            lambda request: (
                foreign.append(request.url)
                if not request.url.startswith((base, "ws://127.0.0.1", "data:", "blob:"))
                else None
            ),
        )
        notebook = "notebooks/01_data_review.ipynb"
        page.goto(f"{base}/lab/workspaces/t1/tree/{notebook}?token={token}&reset")
        status = page.locator("#jp-main-statusbar").get_by_text("| Idle").first
        status.wait_for(timeout=START_SECONDS * 1000)
        page.get_by_role("menuitem", name="Run", exact=True).first.click()
        page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').click()
        answer = page.get_by_role("heading", name="The data is fit to plan on")
        expect(answer).to_be_visible(timeout=START_SECONDS * 1000)
        expect(page.locator(".sopkit svg").first).to_be_attached(timeout=START_SECONDS * 1000)
        written = tiny / "data/cycles/2026-11/tables/plan_versus_actual.parquet"
        for _ in range(START_SECONDS):
            if written.exists():
                break
            page.wait_for_timeout(1000)
        assert written.exists()
        assert foreign == []
        browser.close()
