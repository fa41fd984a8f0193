using Flyscan.LibCa;

if (CaLibrary.Path is null)
{
    Console.Error.WriteLine(CaLibrary.Missing);
    return 3;
}
switch (args)
{
    case ["remote"]:
        return CaRemote.Run();
    case ["pace", var way, var name]:
        return CaPace.Run(way == "preemptive", name);
    default:
        Console.Error.WriteLine(
            "Flyscan.LibCa remote: does with the C library what standard input says\n"
            + "Flyscan.LibCa pace preemptive|calls NAME: how fast it reads");
        return 2;
}
