# Crash points (docs/adr/0010-crash-points.md) end a process in the middle of an order, on purpose.
# Tests alone may be built with them. Can be run alone: cmake -D… -P cmake/crash_points.cmake
option(BOOKSTORE_CRASH_POINTS "Processes die where BOOKSTORE_CRASH_FOLDER says (tests only)" OFF)
if(BOOKSTORE_CRASH_POINTS AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  message(FATAL_ERROR "BOOKSTORE_CRASH_POINTS is for tests: a ${CMAKE_BUILD_TYPE} build must not be "
                      "able to stop in the middle of an order. Use the preset dev, asan or tsan.")
endif()
