# The commands of the course. Texts after `##` are what `make help` shows.

PYTHON ?= python3
VENV := .venv
# The extras of pyproject.toml to install: those installed last, or cpu.
EXTRAS ?= $(or $(patsubst $(VENV)/installed-%,%,$(wildcard $(VENV)/installed-*)),cpu)
INSTALLED = $(VENV)/installed-$(EXTRAS)
# An environment of its own for the oldest Paddle that the course works with.
OLDEST := .venv-oldest

# Jupyter and IPython keep to this environment, whatever else the user has set up.
export JUPYTER_CONFIG_DIR := $(CURDIR)/$(VENV)/etc/jupyter
export JUPYTER_DATA_DIR := $(CURDIR)/$(VENV)/share/jupyter
export IPYTHONDIR := $(CURDIR)/$(VENV)/etc/ipython
unexport JUPYTER_PATH JUPYTER_CONFIG_PATH JUPYTERLAB_DIR PYTHONPATH PYTHONHOME

.PHONY: help env lab check elsewhere bench site release afternoon oldest with-tests

help:  ## 显示这份说明
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-9s %s\n", $$1, $$2 }' Makefile

env: $(INSTALLED)  ## 安装课程环境到 .venv（PYTHON=python3.12 可指定解释器）
	@echo "课程环境已就绪，用 make lab 打开课程。"

# Containers and WSL often run as root; the server answers to this computer only.
lab: $(INSTALLED)  ## 打开 JupyterLab，从 6.0 节开始（只在本机可访问）
	$(VENV)/bin/python -m jupyterlab --ServerApp.ip=127.0.0.1 --allow-root \
		--ServerApp.root_dir="$(CURDIR)" \
		--LabApp.extension_manager=readonly \
		--FileContentsManager.pre_save_hook=course_utils.notebooks.without_widget_views \
		--ServerApp.kernel_websocket_connection_class=course_utils.commands.lab.PromptConnection \
		--LabApp.default_url=/lab/tree/notebooks/6.0_start.ipynb $(LAB_ARGS)

# Whole files go to two processes, the notebooks first: they take longest, and the last minute is
# shared by short tests.
check: with-tests $(INSTALLED)  ## 核对全部数字，运行测试与 notebook（SECTION=6.1 只查一节）
	$(VENV)/bin/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder \
		--nbval --nbval-current-env --nbval-cell-timeout=600 \
		$(if $(SECTION),--section=$(SECTION)) notebooks tests

elsewhere: with-tests $(INSTALLED)  ## 换线程数、指令集、种子、语言、时区、路径和权限，逐一重跑（很久；ONLY="--quick" 只用一分钟）
	$(VENV)/bin/python tests/elsewhere.py $(ONLY)
	$(if $(ONLY),,$(VENV)/bin/python tests/resolve.py)

bench: with-tests $(INSTALLED)  ## 测量速度与内存，以比值给出
	$(VENV)/bin/python -m course_utils bench
	$(VENV)/bin/python tests/browser/latency.py

site: $(INSTALLED)  ## 把全部笔记导出为网页，放在 site/（无需内核和网络）
	$(VENV)/bin/python -m course_utils site site

release: $(INSTALLED)  ## 生成学生版（无答案、无输出）和教师版，放在 release/（约十几分钟）
	$(VENV)/bin/python -m course_utils release release

oldest: with-tests $(OLDEST)/installed  ## 用最早支持的飞桨 3.0 核对全部数字，运行 6.0 和 6.1 节
	$(OLDEST)/bin/python -m pytest --nbval --nbval-current-env --nbval-cell-timeout=600 \
		tests/book/test_textbook.py notebooks/6.0_start.ipynb notebooks/6.1_lenet.ipynb

afternoon: with-tests $(INSTALLED)  ## 在一个真实的 JupyterLab 里依次运行全部笔记，量内存（需要 Chromium）
	$(VENV)/bin/python tests/browser/afternoon.py

with-tests:
	@test -d tests || { \
		echo "这份课程不带测试（学生版）：请用 $(VENV)/bin/python -m course_utils audit 核对网络。" >&2; \
		exit 1; }

$(INSTALLED): pyproject.toml constraints.txt
	@command -v $(PYTHON) > /dev/null || { \
		echo "找不到 $(PYTHON)：请安装 Python 3.10–3.13，或用 make env PYTHON=路径 指定。" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 13))' || { \
		echo "$(PYTHON) 是 $$($(PYTHON) --version 2>&1)，本课程需要 Python 3.10–3.13：请用 make env PYTHON=路径 指定。" >&2; \
		exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2> /dev/null || { \
		echo "$(PYTHON) 不能建立虚拟环境：Debian 和 Ubuntu 请先运行 sudo apt install python3-venv。" >&2; \
		exit 1; }
	rm -f $(VENV)/installed-*
	$(PYTHON) -m venv $(VENV)
	$(VENV)/bin/python -m pip install --disable-pip-version-check \
		-c constraints.txt -e '.[$(EXTRAS)]'
# No question about Jupyter news, no look for updates: JupyterLab asks nothing of the network.
	$(VENV)/bin/python -m jupyterlab.labextensions disable @jupyterlab/apputils-extension:announcements
	touch $@

$(OLDEST)/installed: pyproject.toml constraints.txt
	$(PYTHON) -m venv $(OLDEST)
	grep -v '^paddlepaddle==' constraints.txt > $(OLDEST)/constraints.txt
	$(OLDEST)/bin/python -m pip install --disable-pip-version-check \
		-c $(OLDEST)/constraints.txt -e . paddlepaddle==3.0.0
	touch $@
