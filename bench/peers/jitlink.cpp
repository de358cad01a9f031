/* SPDX-License-Identifier: MIT */
/*
 * LLVM's JITLink, under ORC, given the same functions as an object in memory, with
 * others loaded beside: jitlink ROUNDS DIRECTORY.  As in a cell's load, the object's
 * bytes are there already and its unwind tables are registered, in which most of its
 * time goes: without them 1,000 functions take a tenth.  No compiler takes part.
 * In C++, since LLVM 14's C interface knows RuntimeDyld only.
 */
#include <memory>
#include <string>

#include <llvm/ExecutionEngine/JITLink/EHFrameSupport.h>
#include <llvm/ExecutionEngine/Orc/Core.h>
#include <llvm/ExecutionEngine/Orc/ExecutorProcessControl.h>
#include <llvm/ExecutionEngine/Orc/ObjectLinkingLayer.h>
#include <llvm/Support/MemoryBuffer.h>

#include "measure.h"

#define DEPTH 10u
#define SUM (DEPTH * (DEPTH + 1) / 2)

using namespace llvm;
using namespace llvm::orc;

typedef uint32_t function_type(uint32_t);

static struct samples samples;

/* What an address is, by LLVM 14 and by later ones. */
static uint64_t number_of(uint64_t address)
{
	return address;
}

template <typename Address>
static auto number_of(const Address &address) -> decltype(address.getValue())
{
	return address.getValue();
}

class Linker
{
      public:
	Linker() : session(cantFail(SelfExecutorProcessControl::Create())), layer(session)
	{
		layer.addPlugin(std::make_unique<EHFrameRegistrationPlugin>(
			session, std::make_unique<jitlink::InProcessEHFrameRegistrar>()));
	}

	~Linker()
	{
		cantFail(session.endSession());
	}

	JITDylib &new_namespace(const std::string &name)
	{
		return session.createBareJITDylib(name);
	}

	/* Resident bytes to a function that can be called; its code goes with the tracker. */
	uint64_t load(JITDylib &space, StringRef bytes, const std::string &symbol,
		      ResourceTrackerSP &ret_tracker)
	{
		ResourceTrackerSP tracker = space.createResourceTracker();

		cantFail(layer.add(tracker, MemoryBuffer::getMemBuffer(bytes, symbol, false)));
		ret_tracker = tracker;
		return number_of(
			cantFail(session.lookup({ &space }, session.intern(symbol))).getAddress());
	}

      private:
	ExecutionSession session;
	ObjectLinkingLayer layer;
};

static std::unique_ptr<MemoryBuffer> read_object(const std::string &path)
{
	auto file = MemoryBuffer::getFile(path);

	return file ? std::move(*file) : nullptr;
}

static void load_many(Linker &linker, const std::string &directory, uint32_t n, uint32_t others)
{
	std::string name = "load_" + std::to_string(n), row = name;
	std::unique_ptr<MemoryBuffer> object = read_object(directory + "/" + name + ".o");
	JITDylib &space = linker.new_namespace(name + "_of_" + std::to_string(others));

	if (!object)
		return;
	for (uint32_t round = 0; round < samples.rounds; round++) {
		ResourceTrackerSP tracker;
		uint64_t from = now_ns();
		uint64_t address = linker.load(space, object->getBuffer(), name + "_0", tracker);
		uint32_t sum;

		samples.ns[round] = now_ns() - from;
		sum = reinterpret_cast<function_type *>(address)(DEPTH);
		assert(sum == SUM);
		cantFail(tracker->remove());
	}
	if (others > 0)
		row += "_beside_" + std::to_string(others);
	report(&samples, 1, row.c_str(), "jitlink");
}

/* Each in a namespace of its own, since all have the same function. */
static void load_others(Linker &linker, StringRef filler, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++) {
		ResourceTrackerSP tracker;

		linker.load(linker.new_namespace("filler_" + std::to_string(i)), filler,
			    "filler_version", tracker);
	}
}

int main(int argc, char **argv)
{
	static const uint32_t others[] = { 0, 100, 1000 };
	std::unique_ptr<MemoryBuffer> filler;
	Linker linker;

	if (argc < 3)
		return 2;
	samples.rounds = rounds_of(argc, argv);
	filler = read_object(std::string(argv[2]) + "/filler.o");
	if (!filler)
		return 2;
	for (size_t i = 0; i < 3; i++) {
		if (i > 0)
			load_others(linker, filler->getBuffer(), others[i - 1], others[i]);
		for (uint32_t n : { 100, 1000, 10000 })
			load_many(linker, argv[2], n, others[i]);
	}
	return 0;
}
