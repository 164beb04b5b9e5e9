@echo off
rem The tutorial's one command, on Windows. Each verb is a CMake preset, CTest or a program; ./tutorial is its twin.
rem It needs CMake 3.25 and Ninja, and Visual C++ (start it from a developer prompt) or MinGW-w64.
setlocal
set "stages=01_blocking 02_select 03_overlapped_events 04_iocp"
set "root=%~dp0"
set "verb=%~1"
if "%verb%"=="" goto usage
if "%verb%"=="help" goto usage
for %%v in (demo test run client exercise start check docs) do if "%verb%"=="%%v" goto known
>&2 echo tutorial: there is no verb '%verb%'; tutorial alone lists them
exit /b 2

:usage
echo Usage: tutorial VERB ...
echo.
echo   demo                      play the same small scene on every stage, and see how they differ
echo   test                      run all tests
echo   test N                    run the tests of stage N
echo   test --server PATH.exe [--capacity N]
echo                             run the tests that every stage passes against a server of your own
echo   run N [OPTION ...]        become the server of stage N; "run N --help" tells its options
echo   client [--port P] [TEXT]  send TEXT and print its echo; without TEXT, send what comes on standard input
echo   exercise [N]              list the exercises [of stage N]: servers that are broken on purpose
echo   exercise N NAME           play one: predict which tests fail, and see
echo   exercise all              check that every exercise breaks exactly what it says
echo   start N NAME              begin a server of your own: stage N, with empty functions for you to write
echo   check NAME                run the tests of that stage against it, up to the first that fails
echo   docs                      make the site of the book; it needs Doxygen, Doxygen Awesome, sed and Python
echo.
echo N is the number of a stage, 1 to 4. The exercises and your own servers need Python, and the patch of Git for Windows.
exit /b 0

:known
rem All that follows the verb; with a stage, all that follows the stage.
set "arguments="
set "after_stage="
for /f "tokens=1,* delims= " %%a in ("%*") do set "arguments=%%b"
for /f "tokens=2,* delims= " %%a in ("%*") do set "after_stage=%%b"
set "stage="
set "names_stage="
set "second=%~2"
if "%verb%"=="run" set "names_stage=yes"
if "%verb%"=="start" set "names_stage=yes"
if "%verb%"=="exercise" if not "%second%"=="" if not "%second%"=="all" set "names_stage=yes"
if "%verb%"=="test" if not "%second%"=="" if not "%second:~0,1%"=="-" set "names_stage=yes"
if defined names_stage call :find_stage "%~2"
if defined names_stage if not defined stage exit /b 2

for %%t in (cmake ninja) do call :is_there %%t
if defined missing exit /b 1
set "preset="
where /q g++
if not errorlevel 1 set "preset=windows-mingw"
where /q cl
if not errorlevel 1 set "preset=windows"
if not defined preset >&2 echo tutorial: no C++ compiler here; open a developer prompt of Visual Studio, or get MinGW-w64
if not defined preset exit /b 1
set "programs=%root%build\%preset%"
goto %verb%

:demo
call :build demo %stages%
if errorlevel 1 exit /b 1
pushd "%programs%\stages"
"%programs%\tests\demo.exe" %stages%
goto leave

:test
if defined stage goto test_stage
if not "%arguments%"=="" goto test_program
call :build all
if errorlevel 1 exit /b 1
pushd "%root%"
ctest --preset %preset%
goto leave

:test_stage
call :build %stage%_test
if errorlevel 1 exit /b 1
pushd "%root%"
ctest --preset %preset% --tests-regex "^%stage%\."
goto leave

:test_program
call :build contract_test
if errorlevel 1 exit /b 1
"%programs%\tests\contract_test.exe" %arguments%
exit /b %errorlevel%

:run
call :build %stage%
if errorlevel 1 exit /b 1
"%programs%\stages\%stage%.exe" %after_stage%
exit /b %errorlevel%

:client
call :build echo_client
if errorlevel 1 exit /b 1
"%programs%\common\echo_client.exe" %arguments%
exit /b %errorlevel%

:exercise
call :is_there python
if defined missing exit /b 1
if not "%second%"=="" goto exercise_named
python "%root%tests\exercise.py" list
exit /b %errorlevel%

:exercise_named
if "%second%"=="all" goto exercise_all
if not "%after_stage%"=="" goto exercise_play
python "%root%tests\exercise.py" list %stage%
exit /b %errorlevel%

:exercise_all
call :build exercises
if errorlevel 1 exit /b 1
pushd "%root%"
ctest --preset %preset% --build-config exercises --tests-regex "^exercise\." --parallel 2
goto leave

:exercise_play
call :configure
if errorlevel 1 exit /b 1
python "%root%tests\exercise.py" play %stage% %after_stage% --build "%programs%"
exit /b %errorlevel%

:start
call :is_there python
if defined missing exit /b 1
python "%root%tests\practice.py" start %stage% %after_stage%
exit /b %errorlevel%

:check
call :is_there python
if defined missing exit /b 1
call :configure
if errorlevel 1 exit /b 1
python "%root%tests\practice.py" check %arguments% --build "%programs%"
exit /b %errorlevel%

:docs
call :build docs
if errorlevel 1 exit /b 1
echo Open it in a browser: %programs%\docs\html\index.html
exit /b 0

:leave
set "result=%errorlevel%"
popd
exit /b %result%

rem Standard output belongs to the programs; what the build says goes to standard error.
:build
call :configure
if errorlevel 1 exit /b 1
pushd "%root%"
cmake --build --preset %preset% --target %* 1>&2
goto leave

:configure
if exist "%programs%\build.ninja" exit /b 0
pushd "%root%"
cmake --preset %preset% 1>&2
goto leave

:is_there
where /q %1
if not errorlevel 1 exit /b 0
>&2 echo tutorial: %1 is not on the PATH
set "missing=yes"
exit /b 0

rem 4, 04 and 04_iocp all name the same stage.
:find_stage
for %%s in (%stages%) do call :match %%s "%~1"
if defined stage exit /b 0
>&2 echo tutorial: there is no stage '%~1'
exit /b 2

:match
set "name=%~1"
if "%name%"=="%~2" set "stage=%name%"
if "%name:~0,2%"=="%~2" set "stage=%name%"
if "%name:~0,2%"=="0%~2" set "stage=%name%"
exit /b 0
