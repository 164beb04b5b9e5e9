@echo off
rem The tutorial's one command, on Windows. Each verb is a CMake preset, CTest or a program; ./tutorial is its twin.
rem It works from any prompt: it finds Visual C++ by itself, or takes the MinGW-w64, CMake and Ninja on the PATH.
setlocal EnableExtensions DisableDelayedExpansion

rem What the caller's environment has under these names is not meant for us. One of them, ERRORLEVEL, would even hide
rem the real exit codes; all of these count, also -1073741819, which "if errorlevel 1" does not see.
for %%v in (complaint errorlevel found installer machine number options preset program programs python) do set "%%v="
for %%v in (rest result stage stages target typed verb vs word) do set "%%v="
set "root=%~dp0"
pushd "%root%stages"
for /d %%s in (??_*) do call :add_stage %%s
popd

rem What was typed may hold anything, and no line here may take an ampersand or a bracket of it for its own. So each
rem quotation mark becomes the word <quote>, and all that was typed stands safely in quotation marks. The last line of
rem a verb puts them back. The blank in front keeps the variable defined, which that needs. Outside quotation marks,
rem the signs that mean something to cmd keep their meaning, as for every .cmd file.
if "%~1"=="/?" goto usage
set rest=%*
if not defined rest goto usage
set "rest= %rest:"=<quote>%"
call :next_word
set "verb=%word%"
if not defined verb goto usage
for %%v in (help --help -h) do if "%verb%"=="%%v" goto usage
for %%v in (demo test run client exercise start check docs) do if "%verb%"=="%%v" goto %%v
set "complaint=there is no verb '%verb%'; tutorial alone lists them"
goto complain

:usage
echo Usage: tutorial VERB ...
echo.
echo   demo                      play the same small scene on every stage, and see how they differ
echo   test                      run all tests
echo   test N                    run the tests of stage N
echo   test --server COMMAND     hold any echo server to what its clients can see; for example
echo                             tutorial test --server "my_server --port {port}"; --help tells more
echo   run N [OPTION ...]        become the server of stage N; "run N --help" tells its options
echo   client [--port P] [TEXT]  send TEXT and print its echo; without TEXT, send what comes on standard input
echo   exercise [N]              list the exercises [of stage N]: servers that are broken on purpose
echo   exercise N NAME           play one: predict which tests fail, and see
echo   exercise all              check that every exercise breaks exactly what it says
echo   start N NAME              begin a server of your own: stage N, with empty functions for you to write
echo   check NAME                run the tests of that stage against it, up to the first that fails
echo   docs [--open] [--port N]  make the site of the book, and show it on this machine until Ctrl+C
echo.
echo N is the number of a stage, 1 to 4.
echo The exercises and your own servers need Python, and the patch of Git for Windows; docs needs Python, Node.js, Doxygen.
exit /b 0

:demo
set "complaint=demo takes no arguments"
if not "%rest%"==" " goto complain
call :build demo%stages%
if not "%errorlevel%"=="0" exit /b 1
pushd "%programs%\stages"
"%programs%\tests\demo.exe"%stages%
goto leave

:test
set "target=all"
if "%rest%"==" " goto build_and_test
set "typed=%rest%"
call :next_word
if not "%word:~0,1%"=="-" goto test_stage
call :find_python
if not defined python exit /b 1
call :build claims
if not "%errorlevel%"=="0" exit /b 1
%python% "%root%tests\verdict.py" --build "%programs%"%typed:<quote>="%
exit /b %errorlevel%

:test_stage
call :find_stage
if not defined stage exit /b 2
set "complaint=test takes one stage"
if not "%rest%"==" " goto complain
set "target=%stage%_test"
set options=--tests-regex "^%stage%\."
goto build_and_test

:run
set "complaint=which stage? For example: tutorial run 4"
if "%rest%"==" " goto complain
call :next_word
call :find_stage
if not defined stage exit /b 2
set "target=%stage%"
set "program=stages\%stage%.exe"
set "typed=%rest%"
goto build_and_run

:client
set "target=echo_client"
set "program=common\echo_client.exe"
set "typed=%rest%"
goto build_and_run

:exercise
if "%rest%"==" " goto list_exercises
call :next_word
if "%word%"=="all" if "%rest%"==" " goto all_exercises
call :find_stage
if not defined stage exit /b 2
if "%rest%"==" " goto list_exercises
set "typed=%rest%"
call :next_word
set "complaint=exercise takes a stage and a name"
if not "%rest%"==" " goto complain
call :find_python
if not defined python exit /b 1
call :configure
if not "%errorlevel%"=="0" exit /b 1
%python% "%root%tests\exercise.py" play %stage%%typed:<quote>="% --build "%programs%"
exit /b %errorlevel%

:list_exercises
call :find_python
if not defined python exit /b 1
%python% "%root%tests\exercise.py" list %stage%
exit /b %errorlevel%

:all_exercises
call :find_python
if not defined python exit /b 1
set "target=exercises"
set options=--build-config exercises --tests-regex "^exercise\." --parallel 2
goto build_and_test

:start
set "complaint=which stage, and what name? For example: tutorial start 4 my_server"
if "%rest%"==" " goto complain
call :next_word
if "%rest%"==" " goto complain
call :find_stage
if not defined stage exit /b 2
set "typed=%rest%"
call :next_word
if not "%rest%"==" " goto complain
call :find_python
if not defined python exit /b 1
%python% "%root%tests\practice.py" start %stage%%typed:<quote>="%
exit /b %errorlevel%

:check
set "complaint=which server? For example: tutorial check my_server"
if "%rest%"==" " goto complain
set "typed=%rest%"
call :next_word
if not "%rest%"==" " goto complain
call :find_python
if not defined python exit /b 1
call :configure
if not "%errorlevel%"=="0" exit /b 1
%python% "%root%tests\practice.py" check%typed:<quote>="% --build "%programs%"
exit /b %errorlevel%

:docs
set "typed=%rest%"
call :find_python
if not defined python exit /b 1
%python% "%root%docs\site\docs.py"%typed:<quote>="%
exit /b %errorlevel%

rem The program is started where the reader stands, who may have typed a path.
:build_and_run
call :build %target%
if not "%errorlevel%"=="0" exit /b 1
"%programs%\%program%"%typed:<quote>="%
exit /b %errorlevel%

:build_and_test
call :build %target%
if not "%errorlevel%"=="0" exit /b 1
pushd "%root%"
ctest --preset %preset% %options%

:leave
set "result=%errorlevel%"
popd
exit /b %result%

rem Wrong usage: one line. What a loop's variable holds is only text, also an ampersand.
:complain
for /f "delims=" %%c in ("tutorial: %complaint%") do >&2 echo %%c
exit /b 2

rem Moves the first word of rest to word, without its quotation marks.
:next_word
set "word="
for /f "tokens=1*" %%a in ("%rest%") do (
    set "word=%%a"
    set "rest= %%b"
)
if defined word set "word=%word:<quote>=%"
exit /b 0

:add_stage
set "stages=%stages% %1"
exit /b 0

rem Sets stage to the one that word names: 4, 04 and 04_iocp are the same.
:find_stage
for %%s in (%stages%) do call :match_stage %%s
if defined stage exit /b 0
set "complaint=there is no stage '%word%'"
goto complain

:match_stage
set "number=%1"
set "number=%number:~0,2%"
if "%word%"=="%1" set "stage=%1"
if "%word%"=="%number%" set "stage=%1"
if "0%word%"=="%number%" set "stage=%1"
exit /b 0

rem Standard input and output belong to the programs: the build reads nothing, and speaks on standard error.
:build
call :configure
if not "%errorlevel%"=="0" exit /b 1
pushd "%root%"
cmake --build --preset %preset% --target %* <nul 1>&2
goto leave

rem CMake refuses a build folder that moved with the checkout; such a one is configured anew.
:configure
call :find_tools
if not "%errorlevel%"=="0" exit /b 1
set "programs=%root%build\%preset%"
pushd "%root%"
if not exist "build\%preset%\build.ninja" goto configure_anew
cmake -DBUILD=build/%preset% -DSOURCE=. -P common/cmake/built_here.cmake <nul >nul 2>&1
if "%errorlevel%"=="0" goto leave
:configure_anew
cmake --fresh --preset %preset% <nul 1>&2
goto leave

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

rem A Windows without Python has a python.exe all the same, which opens the Store. Only a try tells.
:find_python
for %%p in (python "py -3") do call :try_python %%p
if not defined python call :ask_for Python Python.Python.3.13
exit /b 0

:try_python
if defined python exit /b 0
call %~1 -c "" <nul >nul 2>&1
if "%errorlevel%"=="0" set "python=%~1"
exit /b 0
