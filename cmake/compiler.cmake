# Compiler, warnings, sanitizers. Nothing about the project's own structure.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O2")           # CHECKs stay on, so no -DNDEBUG
set(CMAKE_CXX_FLAGS_DEBUG "-O1 -g1 -fno-omit-frame-pointer")

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "" FORCE)
endif()

find_program(BOOKSTORE_CCACHE ccache)
if(BOOKSTORE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${BOOKSTORE_CCACHE})
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Wno-missing-field-initializers)

set(BOOKSTORE_SANITIZE "" CACHE STRING "address,undefined or thread; empty for none")
if(BOOKSTORE_SANITIZE)
  add_compile_options(-fsanitize=${BOOKSTORE_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${BOOKSTORE_SANITIZE})
endif()
