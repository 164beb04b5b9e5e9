@echo off
rem The tutorial's one command, on Windows. All it does is tests\tutor.py; here is what must be there before: Python, and
rem for what is built a compiler, CMake and Ninja. It works from any prompt: it finds Visual C++ by itself, or takes the
rem MinGW-w64, CMake and Ninja on the PATH. ./tutorial is its twin.
setlocal EnableExtensions DisableDelayedExpansion

rem What the caller's environment has under these names is not meant for us. One of them, ERRORLEVEL, would even hide
rem the real exit codes; all of these count, also -1073741819, which "if errorlevel 1" does not see.
for %%v in (errorlevel found installer machine preset python result TUTORIAL_PRESET vs word) do set "%%v="
call :find_python
if not defined python exit /b 1
%python% "%~dp0tests\tutor.py" %*
if not "%errorlevel%"=="99" exit /b %errorlevel%

rem It has understood what was typed, and wants to build: see NO_COMPILER_YET in tests\building.py.
call :find_tools
if not "%errorlevel%"=="0" exit /b 1
set "TUTORIAL_PRESET=%preset%"
%python% "%~dp0tests\tutor.py" %*
exit /b %errorlevel%

rem Sets preset, and brings the compiler, CMake and Ninja onto the PATH. Programs of 32 bits are never made.
:find_tools
if not defined VSCMD_ARG_TGT_ARCH goto plain_prompt
if /i not "%VSCMD_ARG_TGT_ARCH%"=="x64" goto wrong_prompt
call :look_for cl
if defined found set "preset=windows"
:plain_prompt
if not defined preset call :enter_visual_cpp
if not defined preset call :find_mingw
if not defined preset goto no_compiler
set "result=0"
call :look_for cmake
if not defined found call :ask_for CMake Kitware.CMake
call :look_for ninja
if not defined found call :ask_for Ninja Ninja-build.Ninja
exit /b %result%

:wrong_prompt
>&2 echo tutorial: this prompt is for %VSCMD_ARG_TGT_ARCH%; open the "x64 Native Tools Command Prompt", or a plain one
exit /b 1

:no_compiler
set "word=winget install Microsoft.VisualStudio.2022.BuildTools --override"
set word=%word% "--wait --passive --add Microsoft.VisualStudio.Workload.VCTools --includeRecommended"
>&2 echo tutorial: no C++ compiler for 64 bits here; this brings one: %word%
exit /b 1

:ask_for
>&2 echo tutorial: no %1 here; get it with "winget install %2", then open a new prompt
set "result=1"
exit /b 1

rem Visual Studio 2022 17.5 is the first whose own CMake is new enough. Its vcvars64.bat brings that and Ninja too.
:enter_visual_cpp
set "installer=%ProgramFiles(x86)%\Microsoft Visual Studio\Installer"
if not exist "%installer%\vswhere.exe" exit /b 0
pushd "%installer%"
set "word=-latest -products * -version 17.5 -requires Microsoft.VisualStudio.Component.VC.Tools.x86.x64"
for /f "delims=" %%p in ('.\vswhere.exe %word% -property installationPath 2^>nul') do set "vs=%%p"
if defined vs call "%vs%\VC\Auxiliary\Build\vcvars64.bat" <nul >nul 2>&1
popd
call :look_for cl
if defined vs if defined found set "preset=windows"
exit /b 0

rem Not every g++ is one: i686-w64-mingw32 makes programs of 32 bits, and x86_64-pc-cygwin is no MinGW.
:find_mingw
call :look_for g++
if not defined found exit /b 0
for /f %%m in ('g++ -dumpmachine 2^>nul') do set "machine=%%m"
if defined machine if not "%machine:64-w64-=%"=="%machine%" set "preset=windows-mingw"
exit /b 0

:look_for
set "found="
for %%f in (%1.exe) do set "found=%%~$PATH:f"
exit /b 0

rem A Windows without Python has a python.exe all the same, which opens the Store. Only a try tells. A python.bat, of a
rem program that manages Pythons, would not come back here without "call", which changes signs like ^ in the words.
:find_python
for %%p in (python.exe "py.exe -3" "call python") do call :try_python %%p
if not defined python call :ask_for Python Python.Python.3.13
exit /b 0

:try_python
if defined python exit /b 0
%~1 -c "" <nul >nul 2>&1
if "%errorlevel%"=="0" set "python=%~1"
exit /b 0
