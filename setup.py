"""Builds the extension module ``minarrow._core``; all else is in pyproject.toml.

Switches, read from the environment:

    MINARROW_DEBUG=1                      keep asserts and debug information
    MINARROW_SANITIZE=address,undefined   compile with these sanitizers (gcc or clang)
    MINARROW_FAULTS=1                     let tests make the n-th allocation fail
    MINARROW_COVERAGE=1                   count which lines run (gcov)
    MINARROW_LTO=0                        no optimization across files, where gcc would do it
    MINARROW_WERROR=1                     a warning is an error
    MINARROW_WITHOUT=lz4,zstd             leave these codecs out though they are installed
    MINARROW_BUILD_DIR=build              where objects go
    MINARROW_JOBS=2                       compilers at a time; as many as processors by default

Each combination of switches and interpreter keeps its objects in a folder of its own, and only
those whose source or headers changed are compiled again.
"""

import hashlib
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

BUILD_DIR = os.environ.get("MINARROW_BUILD_DIR", "build")

# codec: the pkg-config module, and the first version with all that csrc/core/codec calls
CODECS = {"lz4": ("liblz4", "1.9.0"), "zstd": ("libzstd", "1.4.0")}


def switch(name, default="0"):
    return os.environ.get(f"MINARROW_{name}", default) not in ("", "0")


def names(name):
    return [part for part in os.environ.get(f"MINARROW_{name}", "").split(",") if part]


def sources(folder):
    return sorted(path.as_posix() for path in Path("csrc", folder).rglob("*.c"))


def pkg_config(*args):
    """What pkg-config answers, in words; None if it doesn't know the module or isn't there."""
    tool = os.environ.get("PKG_CONFIG", "pkg-config")
    try:
        answer = subprocess.run([tool, *args], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return answer.stdout.split()


def find_codecs():
    """Compiler flags, linker flags and macros for the codecs that this machine has."""
    compile_args, link_args, macros = [], [], []
    for codec, (module, version) in CODECS.items():
        if codec in names("WITHOUT"):
            continue
        cflags = pkg_config("--cflags", f"{module} >= {version}")
        if cflags is None:
            print(
                f"note: building without {codec}: pkg-config found no {module} >= {version} "
                f"(Debian: apt-get install pkg-config {module}-dev)",
                file=sys.stderr,
            )
            continue
        compile_args += cflags
        link_args += pkg_config("--libs", module)
        macros.append((f"MA_WITH_{codec.upper()}", "1"))
    return compile_args, link_args, macros


def is_gcc(compiler):
    answer = subprocess.run([compiler, "--version"], capture_output=True, text=True)
    return "Free Software Foundation" in answer.stdout


def unix_flags(compiler):
    """Compiler and linker flags for gcc and clang; after Python's own, so that ours win."""
    compile_args = ["-std=c11", "-pthread", "-fvisibility=hidden", "-Wall", "-Wextra", "-MMD"]
    link_args = ["-pthread"]
    if switch("WERROR"):
        compile_args.append("-Werror")
    if sanitizers := ",".join(names("SANITIZE")):
        flag = f"-fsanitize={sanitizers}"
        compile_args += [flag, "-fno-sanitize-recover=all", "-fno-omit-frame-pointer", "-O1", "-g"]
        link_args.append(flag)
    elif switch("COVERAGE"):
        compile_args += ["--coverage", "-O0", "-g"]
        link_args.append("--coverage")
    elif switch("DEBUG"):
        compile_args += ["-O1", "-g"]
    else:
        compile_args += ["-O2", "-g0"]
        # calls into the core are inlined: small batches are read in three quarters of the time
        if switch("LTO", default="1") and is_gcc(compiler):
            compile_args.append("-flto")
            link_args += ["-O2", f"-flto={os.cpu_count() or 1}"]
    return compile_args, link_args


def is_stale(obj):
    """True unless `obj` is newer than its source and every header that was read for it.

    The compiler wrote their names into the `.d` file beside the object (-MMD).
    """
    try:
        built = os.path.getmtime(obj)
        rule = Path(obj).with_suffix(".d").read_text()
        _, _, inputs = rule.replace("\\\n", " ").partition(": ")
        return any(os.path.getmtime(path) >= built for path in inputs.split())
    except OSError:
        return True


class build_core(build_ext):
    """Compiles what changed, several files at a time; linking stays with setuptools."""

    def build_extension(self, ext):
        self.set_flags(ext)
        ext.include_dirs.insert(0, "csrc")
        # The core never includes Python.h: without Python's include folder among its flags, one
        # set of objects can serve every interpreter that uses the same compiler and options.
        python_dirs, self.compiler.include_dirs = self.compiler.include_dirs, []
        core = [path for path in ext.sources if path.startswith("csrc/core/")]
        binding = [path for path in ext.sources if path not in core]
        objects = self.compile_changed(ext, core, ext.include_dirs)
        if self.compiler.compiler_type != "msvc":
            # as Python.h has them, so that it can come before or after the system's headers
            ext.define_macros += [("_GNU_SOURCE", "1"), ("_FILE_OFFSET_BITS", "64")]
        objects += self.compile_changed(ext, binding, ext.include_dirs + python_dirs)
        self.compiler.include_dirs = python_dirs

        ext.sources, ext.extra_objects = [], objects
        ext.depends = [*objects, self.link_record(ext, objects)]
        self.compiler.force = True  # whether to link is decided by `depends` alone
        super().build_extension(ext)

    def link_record(self, ext, objects):
        """A file that is new when something else is to be linked than last time.

        Objects of another combination of switches may all be older than what was linked since.
        """
        record = Path(BUILD_DIR, "obj", "linked")
        linked = repr((self.get_ext_fullpath(ext.name), objects, ext.extra_link_args))
        if not record.exists() or record.read_text() != linked:
            record.write_text(linked)
        return str(record)

    def set_flags(self, ext):
        if self.compiler.compiler_type == "msvc":
            ext.extra_compile_args += ["/std:c11", "/experimental:c11atomics", "/O2", "/W3"]
        else:
            compile_args, link_args = unix_flags(self.compiler.compiler_so[0])
            ext.extra_compile_args += compile_args
            ext.extra_link_args += link_args
        asserts = switch("DEBUG") or switch("COVERAGE") or names("SANITIZE")
        if asserts:
            ext.undef_macros.append("NDEBUG")
        else:
            ext.define_macros.append(("NDEBUG", "1"))
        if switch("FAULTS"):
            ext.define_macros.append(("MA_FAULT_INJECTION", "1"))

    def compile_changed(self, ext, paths, include_dirs):
        """Bring the objects of `paths` up to date; their names."""
        macros = ext.define_macros + [(name,) for name in ext.undef_macros]
        command = [
            getattr(self.compiler, "compiler_so", self.plat_name),
            macros, include_dirs, ext.extra_compile_args,
        ]
        key = hashlib.sha256(repr(command).encode()).hexdigest()[:12]
        folder = os.path.join(BUILD_DIR, "obj", key)

        def compile_one(path):
            (obj,) = self.compiler.object_filenames([path], output_dir=folder)
            if self.force or is_stale(obj):
                began = time.time()
                self.compiler.compile(
                    [path],
                    output_dir=folder,
                    macros=macros,
                    include_dirs=include_dirs,
                    extra_postargs=ext.extra_compile_args,
                )
                # what is edited while the compiler reads it counts as newer
                os.utime(obj, (began, began))
            return obj

        jobs = int(os.environ.get("MINARROW_JOBS", os.cpu_count() or 1))
        with ThreadPoolExecutor(jobs) as pool:
            return list(pool.map(compile_one, paths))


codec_compile_args, codec_link_args, codec_macros = find_codecs()
setup(
    ext_modules=[
        Extension(
            "minarrow._core",
            sources=sources("core") + sources("python"),
            extra_compile_args=codec_compile_args,
            extra_link_args=codec_link_args,
            define_macros=codec_macros,
        )
    ],
    cmdclass={"build_ext": build_core},
    options={"build": {"build_base": BUILD_DIR}},
)
