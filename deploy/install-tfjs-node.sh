#!/usr/bin/env bash
# Native TensorFlow for the training of the recurrent network, where `npm install @tensorflow/tfjs-node` cannot reach the place
# from which it downloads TensorFlow: from npm and PyPI alone, about a minute and 560 MB. Linux x86-64 with g++, pip, unzip and
# Node's headers (NODEDIR/include/node); Node 20 or 22, since tfjs-node 4.22 fails on later ones.
# usage: deploy/install-tfjs-node.sh [PROJECT]
set -euo pipefail
project=$(realpath "${1:-.}")
wheel=tensorflow_cpu-2.12.1-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl
work=$(mktemp -d); trap 'rm -rf "$work"' EXIT

cd "$work"
pip download -q --no-deps --only-binary=:all: --python-version 3.11 --platform manylinux2014_x86_64 -d . tensorflow-cpu==2.12.1
npm pack --silent @tensorflow/tfjs-node@4.22.0 > /dev/null
sha256sum --quiet -c <<SUMS
7ffb595707a8fb376deaddc768784c7a0242b16cbc6e06393b1733b2ce19f855  $wheel
d38a448a705efc6e655a080f896b3af646ae39dffbfe9c90b06cb9fc3a2b9358  tensorflow-tfjs-node-4.22.0.tgz
SUMS

cd "$project"
# --save-optional: as the peer that package.json says it is, npm would leave it out without a word.
npm install --no-save --save-optional --ignore-scripts --no-audit --loglevel=error "$work/tensorflow-tfjs-node-4.22.0.tgz"
cd node_modules/@tensorflow/tfjs-node
rm -rf deps lib && mkdir -p deps/lib deps/include lib/napi-v8
unzip -q -d "$work" "$work/$wheel" 'tensorflow/libtensorflow*' \
  'tensorflow/include/tensorflow/c/*' 'tensorflow/include/tensorflow/core/platform/*' 'tensorflow/include/tensorflow/tsl/*'
mv "$work/tensorflow/include/tensorflow" deps/include/
mv "$work"/tensorflow/libtensorflow*.so.2 deps/lib/
ln -s libtensorflow_cc.so.2 deps/lib/libtensorflow.so
ln -s libtensorflow_framework.so.2 deps/lib/libtensorflow_framework.so
nodedir=${NODEDIR:-$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")}
g++ -std=c++17 -O2 -fPIC -shared -DNAPI_VERSION=8 -I"$nodedir/include/node" -I. -Ideps/include binding/tfjs_b*.cc \
  -o lib/napi-v8/tfjs_binding.node -Ldeps/lib -ltensorflow -ltensorflow_framework '-Wl,-rpath,$ORIGIN/../../deps/lib'
cd "$project"
node -e "const tf = require('@tensorflow/tfjs-node'); console.log(tf.getBackend(), tf.version['tfjs-node'], 'on TensorFlow', tf.backend().binding.TF_Version)"
